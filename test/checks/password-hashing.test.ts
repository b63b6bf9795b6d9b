import { passwordHashing } from '../../src/checks/password-hashing.ts';
import { testCheck } from '../check-tester.ts';
import { inFile } from '../marked.ts';

const { bad, good } = inFile('app/x.py', 'fast');

testCheck(passwordHashing, {
  invalid: [
    bad(
      'an empty salt',
      'import hashlib\nNONE = b""\ndef f(password):\n    a = hashlib.pbkdf2_hmac("sha256", password, b"", 600_000)  # <-\n    b = hashlib.pbkdf2_hmac("sha256", password, salt=NONE, iterations=600_000)  # <-\n    return a, b\n',
      'salt',
    ),
    bad(
      'a class from elsewhere that is added or saved',
      'from flask import Flask, request\nfrom models import User, Account, db\napp = Flask(__name__)\n@app.post("/register")\ndef register():\n    user = User(name="x", password=request.form["password"])  # <-\n    db.session.add(user)\n    other = Account(password=request.form["password"])  # <-\n    other.save()\n    return ""\n',
      'plain',
    ),
    bad(
      'a token that only sometimes is random',
      'import hashlib, secrets\ndef f(form):\n    password = form.get("password") or secrets.token_urlsafe(16)\n    return hashlib.sha256(password.encode()).hexdigest()  # <-\n',
    ),
    bad(
      'digests of a password',
      'import hashlib\ndef f(password, salt):\n    a = hashlib.md5(password).hexdigest()  # <-\n    b = hashlib.sha256(password.encode()).hexdigest()  # <-\n    c = hashlib.sha512(f"{salt}{password}".encode()).hexdigest()  # <-\n    d = hashlib.blake2b(bytes(password, "utf8")).hexdigest()  # <-\n    return a, b, c, d\n',
    ),
    bad(
      'by name',
      'import hashlib\ndef f(pwd):\n    a = hashlib.new("MD5", pwd).hexdigest()  # <-\n    b = hashlib.new(name="sha1", data=pwd)  # <-\n    return a, b\n',
    ),
    bad(
      'aliases',
      'from hashlib import sha1 as s\nimport hashlib as h\ndef f(passwd):\n    a = s(passwd)  # <-\n    b = h.md5(passwd)  # <-\n    return a, b\n',
    ),
    bad(
      'in steps',
      'import hashlib\ndef f(user_password):\n    h = hashlib.sha256()  # <-\n    h.update(b"salt")\n    h.update(user_password.encode())\n    return h.hexdigest()\n',
    ),
    bad(
      'a digest given to a setter',
      'import hashlib\ndef f(user, text):\n    digest = hashlib.md5(text).hexdigest()\n    user.set_password(digest)  # <-\n',
    ),
    bad(
      'a digest in a password column',
      'import hashlib\ndef f(user, text):\n    user.password_hash = hashlib.sha1(text).hexdigest()  # <-\n',
    ),
    bad(
      'a function that says what it hashes',
      'import hashlib\ndef hash_password(text):\n    return hashlib.sha256(text.encode()).hexdigest()  # <-\nclass User:\n    @property\n    def password(self):\n        return None\n    @password.setter\n    def password(self, value):\n        self._hash = hashlib.sha1(value.encode()).hexdigest()  # <-\n',
    ),
    bad(
      'a loop',
      'import hashlib\ndef f(password):\n    out = password\n    for _ in range(1000):\n        out = hashlib.sha256(out).digest()  # <-\n    return out\n',
    ),
    {
      name: 'a wrapper in another module',
      files: {
        'app/digest.py':
          'import hashlib\n\n\ndef digest(text):\n    return hashlib.sha256(text.encode()).hexdigest()\n',
        'app/users.py':
          'from .digest import digest\n\n\ndef register(db, name, password):\n    db.add(name, digest(password))\n',
      },
      findings: [{ message: 'fast', at: 'app/digest.py:5' }],
    },
    bad(
      'a form field',
      'import hashlib\nfrom flask import request\ndef f():\n    return hashlib.md5(request.form["password"].encode()).hexdigest()  # <-\n',
    ),
    bad(
      'other libraries',
      'from Crypto.Hash import SHA256\nfrom cryptography.hazmat.primitives import hashes\ndef f(password):\n    a = SHA256.new(password)  # <-\n    d = hashes.Hash(hashes.SHA256())  # <-\n    d.update(password)\n    return a, d.finalize()\n',
    ),
    bad(
      'weak schemes',
      'import crypt\nfrom passlib.hash import md5_crypt\nfrom passlib.context import CryptContext\ndef f(password):\n    a = md5_crypt.hash(password)  # <-\n    b = crypt.crypt(password, salt=crypt.METHOD_MD5)  # <-\n    return a, b\nctx = CryptContext(schemes=["md5_crypt", "bcrypt"])  # <-\n',
      'weak',
    ),
    bad(
      'weak methods of frameworks',
      'from werkzeug.security import generate_password_hash\nfrom django.contrib.auth.hashers import make_password\ndef f(password):\n    a = generate_password_hash(password, method="plain")  # <-\n    b = generate_password_hash(password, "pbkdf2:sha256:1000")  # <-\n    c = make_password(password, hasher="md5")  # <-\n    return a, b, c\n',
      'weak',
    ),
    bad('hashers of Django', 'PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # <-\n', 'weak'),
    bad(
      'few rounds',
      'import bcrypt, hashlib\ndef f(password, salt):\n    a = hashlib.pbkdf2_hmac("sha256", password, salt, 1000)  # <-\n    b = bcrypt.gensalt(rounds=4)  # <-\n    return a, b\n',
      'rounds',
    ),
    bad(
      'a constant salt',
      'import hashlib\ndef f(password):\n    return hashlib.pbkdf2_hmac("sha256", password, b"mesh", 600000)  # <-\n',
      'salt',
    ),
    bad(
      'a row with the password as it is',
      'from flask import request\nfrom flask_sqlalchemy import SQLAlchemy\ndb = SQLAlchemy()\nclass User(db.Model):\n    name = 1\ndef f():\n    return User(name="a", password=request.form["password"])  # <-\n',
      'plain',
      { confidence: 'medium' },
    ),
  ],
  valid: [
    {
      name: 'a digest that a worker hashes slowly',
      files: {
        'src/secret.js':
          "const path = require('path');\nconst crypto = require('crypto');\nconst pool = require('workerpool').pool(path.join(__dirname, '/slow.js'));\nexports.hash = (rounds, password) => {\n  const digest = crypto.createHash('sha512').update(password).digest('hex');\n  return pool.exec('hash', [digest, rounds]);\n};\n",
        'src/slow.js':
          "const bcrypt = require('bcryptjs');\nrequire('workerpool').worker({ hash: (password, rounds) => bcrypt.hash(password, rounds) });\n",
      },
      subjects: 2,
    },
    {
      name: 'keys of an interface and of a cipher without a salt of their own',
      files: {
        'src/x.ts':
          "import { pbkdf2Sync, scryptSync } from 'node:crypto';\nexport const hashed = (apiKey: string) => pbkdf2Sync(apiKey, '', 100000, 64, 'sha512');\nexport const key = scryptSync(process.env.SECRET_KEY!, 'salt', 32);\n",
      },
    },
    {
      name: 'classes from elsewhere that are no rows, and a client with the password of a form',
      files: {
        'app/x.py':
          'import bcrypt\nfrom flask import Flask, request\nfrom clients import Client, Credentials\nfrom models import User, db\napp = Flask(__name__)\n@app.post("/login")\ndef login():\n    client = Client(password=request.form["password"])\n    client.connect(Credentials(password=request.form["password"]))\n    user = User(password=bcrypt.hashpw(request.form["password"], bcrypt.gensalt()))\n    db.session.add(user)\n    return ""\n',
      },
    },
    {
      name: 'a salt from elsewhere that may be empty',
      files: {
        'app/x.py':
          'import hashlib\ndef f(password, row):\n    return hashlib.pbkdf2_hmac("sha256", password, row.salt or b"", 600_000)\n',
      },
      subjects: 1,
    },
    good(
      'a list of leaked passwords, asked by a prefix',
      'import hashlib\ndef leaked(ask, password):\n    digest = hashlib.sha1(password.encode()).hexdigest().upper()\n    return digest[5:] in ask(digest[:5])\n',
      1,
    ),
    good(
      'libraries for it',
      'import bcrypt, hashlib, os\nfrom argon2 import PasswordHasher\nfrom werkzeug.security import generate_password_hash\nfrom passlib.context import CryptContext\nctx = CryptContext(schemes=["argon2", "md5_crypt"])\ndef f(password):\n    a = bcrypt.hashpw(password, bcrypt.gensalt(12))\n    b = PasswordHasher().hash(password)\n    c = hashlib.scrypt(password, salt=os.urandom(16), n=16384, r=8, p=1)\n    d = hashlib.pbkdf2_hmac("sha256", password, os.urandom(16), 600_000)\n    e = generate_password_hash(password)\n    return a, b, c, d, e, ctx.hash(password)\n',
      8,
    ),
    good(
      'hashers of Django with a slow one first',
      'PASSWORD_HASHERS = [\n    "django.contrib.auth.hashers.BCryptSHA256PasswordHasher",\n    "django.contrib.auth.hashers.MD5PasswordHasher",\n]\n',
      1,
    ),
    good(
      'a digest before bcrypt',
      'import base64, bcrypt, hashlib\ndef f(password):\n    short = base64.b64encode(hashlib.sha256(password).digest())\n    return bcrypt.hashpw(short, bcrypt.gensalt())\n',
      2,
    ),
  ],
  notApplicable: [
    {
      name: 'a token that a keyed digest makes',
      files: {
        'src/x.ts':
          "import { createHmac } from 'node:crypto';\nexport function createAccessToken({ password, salt }: { password: string; salt: string }) {\n  return createHmac('sha512', salt).update(password).digest('hex');\n}\nexport function issue(id: string, salt: string) {\n  const accessToken = createAccessToken({ password: id, salt });\n  return createAccessToken({ password: accessToken, salt });\n}\n",
      },
    },
    {
      name: 'passwords that a machine drew',
      files: {
        'app/x.py':
          'import hashlib, hmac, secrets\ndef issue(key):\n    app_password = secrets.token_urlsafe(32)\n    return hmac.new(key, app_password.encode(), hashlib.sha256).hexdigest()\n',
        'src/x.js':
          "const crypto = require('crypto');\nexports.issue = (key) => {\n  const password = crypto.randomBytes(32).toString('hex');\n  return crypto.createHmac('sha256', key).update(password).digest('hex');\n};\n",
      },
    },
    good(
      'digests of other things',
      'import hashlib, uuid\ndef f(content, path, order_id, api_token, email):\n    a = hashlib.md5(content).hexdigest()\n    b = hashlib.sha1(path.encode(), usedforsecurity=False)\n    c = hashlib.sha256(f"{order_id}".encode())\n    d = hashlib.sha256(api_token).hexdigest()\n    return a, b, c, d, hashlib.md5(email.lower().encode()), uuid.uuid5(uuid.NAMESPACE_DNS, "password")\n',
    ),
    good(
      'names that only sound like it',
      'import hashlib\ndef f(passport, compass, bypass, password_field_name, password_file):\n    return [hashlib.md5(x) for x in (passport, compass, bypass)] + [hashlib.sha512(password_field_name), hashlib.sha512(password_file)]\n',
    ),
    good(
      'a MAC',
      'import hashlib, hmac\ndef f(password_key, body):\n    return hmac.new(b"k", body, hashlib.sha256).hexdigest()\n',
    ),
    good(
      'not used for security',
      'import hashlib\ndef f(password):\n    return hashlib.md5(password, usedforsecurity=False)\n',
    ),
    good('words', '"""hashlib.md5(password)"""\n# hashlib.sha1(password)\nNOTE = "hashlib.md5(password)"\n'),
    good(
      'a connection',
      'import psycopg2\nfrom flask import request\ndef f(password):\n    return psycopg2.connect(user="a", password=request.form["password"])\n',
    ),
  ],
});
