import { passwordComparison } from '../../src/checks/password-comparison.ts';
import { testCheck } from '../check-tester.ts';
import { inFile } from '../marked.ts';
import * as js from './password-comparison-js.ts';

const { bad, good } = inFile('app/x.py', 'operator');

testCheck(passwordComparison, {
  invalid: [
    ...js.invalid,
    bad(
      'a literal',
      'def f(password, api_key):\n    if password == "hunter2":  # <-\n        return True\n    return "k-123" != api_key  # <-\n',
      'literal',
      { severity: 'high' },
    ),
    bad(
      'both orders and both operators',
      'def f(a, password, stored, other):\n    x = password == stored  # <-\n    y = other != password  # <-\n    return x, y\n',
    ),
    bad(
      'attributes and subscripts',
      'def f(user, users, pw, name):\n    a = user.password == pw  # <-\n    b = users[name]["password"] == pw  # <-\n    return a, b\n',
    ),
    bad(
      'tokens, keys, signatures and codes',
      'def f(auth_token, api_key, signature, otp, x, y, z, w):\n    a = auth_token == x()  # <-\n    b = api_key == y  # <-\n    c = signature == z  # <-\n    d = otp == w  # <-\n    return a, b, c, d\n',
    ),
    bad(
      'a header against a setting',
      'import os\nfrom flask import abort, request\ndef f():\n    if request.headers.get("X-Api-Key") != os.environ["API_KEY"]:  # <-\n        abort(401)\n    given = request.headers["Authorization"]\n    if given != settings.ADMIN_TOKEN:  # <-\n        abort(401)\n',
    ),
    bad(
      'a MAC',
      'import hashlib, hmac\ndef f(key, body, sig):\n    return hmac.new(key, body, hashlib.sha256).hexdigest() == sig  # <-\n',
    ),
    bad(
      'a MAC in a local variable',
      'import hashlib, hmac\ndef f(key, body, given):\n    good = hmac.new(key, body, hashlib.sha256).digest()\n    return good == given  # <-\n',
    ),
    bad(
      'a digest against a stored one',
      'import hashlib\ndef f(user, text):\n    return hashlib.sha256(text.encode()).hexdigest() == user.password_hash  # <-\n',
    ),
    bad(
      'in every position',
      'def f(rows, token, secret, other):\n    assert secret == other.one  # <-\n    while secret != other.two:  # <-\n        pass\n    g = lambda: secret == other.value  # <-\n    h = [r for r in rows if r.password == other.value]  # <-\n    return 1 if secret == other.three else 2  # <-\n',
    ),
    bad('in a chain', 'def f(name, password, real):\n    return name == "admin" and password == real  # <-\n'),
    bad(
      'among valid keys',
      'def f(api_key, valid_keys, API_KEYS):\n    a = api_key in valid_keys  # <-\n    return a or api_key not in API_KEYS  # <-\n',
      'membership',
      { confidence: 'medium' },
    ),
    bad('a wrapper', 'def secure_compare(a, b):\n    return a == b  # <-\nx = "token"\n', 'wrapper'),
    bad(
      'a match',
      'def f(secret, stored):\n    match secret:\n        case stored.value:  # <-\n            return True\n',
    ),
    bad(
      'a query',
      'def f(User, name, pw):\n    a = User.objects.get(username=name, password=pw)  # <-\n    b = User.query.filter_by(name=name, password=pw).first()  # <-\n    c = db.users.find_one({"name": name, "password": pw})  # <-\n    return a, b, c\n',
      'query',
    ),
    bad(
      'an attribute read by its name',
      'def f(instance, given):\n    stored = getattr(instance, "join_token")\n    return stored == given  # <-\n',
    ),
    bad(
      'derived keys and digests under any name',
      'import hashlib\ndef f(parts, password, salt, md5_hash):\n    dk = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, 600000)\n    if parts[3] == dk.hex():  # <-\n        return True\n    if hashlib.scrypt(password, salt=salt, n=2, r=8, p=1) != parts[2]:  # <-\n        return False\n    computed = hashlib.md5(password.encode()).hexdigest()\n    return computed == md5_hash.lower()  # <-\n',
    ),
    {
      name: 'a digest in a file for passwords',
      files: {
        'app/password_import.py':
          'import hashlib\ndef old(plaintext, stored):\n    return hashlib.md5(plaintext.encode()).hexdigest() == stored\n',
      },
      findings: [{ message: 'operator', at: 'app/password_import.py:3' }],
    },
    bad(
      'a beginning of a signature',
      'import hashlib, hmac\ndef f(header, key, body):\n    expected = hmac.new(key, body, hashlib.sha256).hexdigest()\n    return header.startswith(expected)  # <-\n',
    ),
    bad(
      'digests of tokens, and what tests put in the place',
      'def f(token_hash, stored):\n    return token_hash == stored.token_hash  # <-\nclass FakeHasher:\n    def verify(self, password, hashed):\n        return password == hashed  # <-\n',
      'operator',
      { confidence: 'low' },
    ),
  ],
  valid: [
    good(
      'functions for it',
      'import hmac, secrets\nfrom django.utils.crypto import constant_time_compare as same\nfrom werkzeug.security import check_password_hash\nimport bcrypt\ndef f(token, a, b, password):\n    hmac.compare_digest(token, a)\n    secrets.compare_digest(token, b)\n    same(token, a)\n    check_password_hash(a, password)\n    bcrypt.checkpw(password, a)\n',
      5,
    ),
  ],
  notApplicable: [
    ...js.none,
    good(
      'the address of a contract',
      'def f(deployment, value):\n    return deployment.get("MeshToken", "").lower() == value.lower()\n',
    ),
    good(
      'a stored value is read back',
      'def f(users, user, new):\n    password_hash = make(new)\n    row = users.update_password(user.id, password_hash)\n    if row.password != password_hash:\n        raise ValueError\n',
    ),
    good(
      'digests of files in a module that knows passwords',
      'import hashlib\ndef f(data, password, etag):\n    return hashlib.md5(data).hexdigest() == etag\n',
    ),
    good(
      'a missing value that became a text',
      'def f(api_key):\n    return api_key == "undefined" or api_key == "null" or "None" == api_key\n',
    ),
    good(
      'both ends of a key exchange',
      'def f(kem, pair):\n    ciphertext, client_secret = kem.encapsulate(pair.public)\n    server_secret = kem.decapsulate(pair, ciphertext)\n    return client_secret != server_secret\n',
    ),
    good(
      'test vectors, snapshots and key exchanges',
      'import hashlib\ndef f(signature, last_signature, vector, token_spiffe, signer_id, shared_secret, x):\n    a = signature == last_signature\n    b = hashlib.sha256(x).hexdigest() == vector.expected_signature_hash\n    return a, b, token_spiffe == signer_id, shared_secret == x\n',
    ),
    good(
      'objects, forms and marks',
      'class Client:\n    def __eq__(self, other):\n        return self.token == other.token\ndef passwords_match(value, data):\n    return value == data["password"]\ndef f(user, kem):\n    a_secret = kem.encap()\n    b_secret = kem.decap()\n    return user.password == "LDAP" or a_secret == b_secret\n',
    ),
    good(
      'none, empty, numbers and truth',
      'def f(password, token):\n    return password == None or token is None or password == "" or token == 3 or password == True\n',
    ),
    good(
      'lengths and types',
      'def f(password, token, token_type, expected_token_type):\n    return len(password) == len(token) and token_type == "Bearer" and token_type == expected_token_type and type(token) == str\n',
    ),
    good(
      'a repetition and an old one',
      'def f(password, password2, confirm_password, new_password, old_password, form):\n    return password == password2 or password != confirm_password or new_password == old_password or form.password == form.confirm\n',
    ),
    good(
      'syntax',
      'def f(token, tok, kind):\n    return token == "(" or token.type == kind or tok.value == "and" or token == TokenKind.NAME or token == "Bearer"\n',
    ),
    good(
      'pages and form fields',
      'def f(next_page_token, page_token, csrf_token, expected):\n    return next_page_token == page_token or csrf_token == expected\n',
    ),
    good(
      'labels',
      'def f(field, name, password_field_name, secret_name):\n    return field == "password" or name == "token" or password_field_name == name or secret_name == name\n',
    ),
    good(
      'digests of contents',
      'import hashlib\ndef f(data, etag, checksum, sha):\n    return hashlib.sha256(data).hexdigest() == checksum or etag == checksum or sha == etag\n',
    ),
    good(
      'columns of an ORM',
      'from models import User\ndef f(session, token, secret):\n    return session.query(User).filter(User.token == token).first() or session.execute(select(User).where(User.api_key == secret))\n',
    ),
    good(
      'look-alikes',
      'def f(bypass, compass, passport, secret_status, x):\n    return bypass == x or compass == x or passport == x or secret_status == x\n',
    ),
    good(
      'a list of what is gone',
      'def f(token, revoked_tokens, blacklist):\n    return token in revoked_tokens or token in blacklist\n',
    ),
    good('words', '"""password == stored"""\n# if token == expected:\nNOTE = "password == x"\n'),
    good('parts of a text', 'def f(password, token):\n    return "a" in password or token.startswith("sk-")\n'),
  ],
});
