import { pqcImports } from '../../src/checks/pqc-imports.ts';
import { testCheck } from '../check-tester.ts';
import { inFile } from '../marked.ts';

const { bad: badFile, good } = inFile('mesh/x.py', '');
const bad = (name: string, message: string, text: string, skip: readonly 'comment'[] = []) => ({
  ...badFile(name, text, message),
  skip,
});
const optional = 'try:\n    import oqs\n    HAVE = True\nexcept ImportError:\n    HAVE = False\n';
const hybrid =
  'import oqs\ndef hybrid_secret(key, peer):\n    classical = peer.exchange()\n    try:\n        with oqs.KeyEncapsulation("ML-KEM-768") as kem:\n            ct, pq = kem.encap_secret(key)\n    except Exception:\n';

testCheck(pqcImports, {
  valid: [
    good('an import that may fail loudly', 'import oqs\nkem = oqs.KeyEncapsulation("ML-KEM-768")\n'),
    good(
      'a handler that raises',
      'try:\n    import oqs\nexcept ImportError as e:\n    raise RuntimeError("install it") from e\n',
    ),
    good(
      'an error at use',
      `${optional}def sign(m):\n    if not HAVE:\n        raise RuntimeError("liboqs is missing")\n    return oqs.Signature("ML-DSA-65").sign(m)\n`,
    ),
    good(
      'verification that fails without the library',
      'try:\n    import oqs\nexcept ImportError:\n    oqs = None\ndef verify(m, s, k):\n    if oqs is None:\n        return False\n    return oqs.Signature("ML-DSA-65").verify(m, s, k)\ndef need():\n    if oqs is None:\n        raise RuntimeError("missing")\n',
    ),
    good(
      'a caller that is told',
      'def available():\n    try:\n        import oqs\n        return True\n    except ImportError:\n        return False\n',
    ),
    good(
      'old names translated',
      'import oqs\nNEW = {"Kyber768": "ML-KEM-768"}\ndef kem(name):\n    return oqs.KeyEncapsulation(NEW.get(name, "ML-KEM-768"))\n',
    ),
    good(
      'the same algorithm for both',
      'import oqs\nNAME = "ML-DSA-65"\ndef sign(m):\n    return oqs.Signature(NAME).sign(m)\ndef verify(m, s, k):\n    return oqs.Signature(NAME).verify(m, s, k)\n',
    ),
    good(
      'a look for the module first',
      'import importlib.util\nif importlib.util.find_spec("oqs") is None:\n    raise RuntimeError("install liboqs-python")\nimport oqs\n',
    ),
    good(
      'an optional part with an error at use',
      `${optional}class Kem:\n    def __init__(self):\n        if not HAVE:\n            raise ImportError("install mesh[pqc]")\n        self.kem = oqs.KeyEncapsulation("ML-KEM-768")\n`,
    ),
    {
      name: 'stand-ins and replacements in tests',
      files: {
        'mesh/x.py': 'import oqs\n',
        'tests/test_x.py':
          'import sys\nsys.modules["oqs"] = object()\ntry:\n    import oqs\nexcept ImportError:\n    class MockKem: ...\n',
      },
    },
    {
      name: 'modules and names that exist',
      files: {
        'mesh/__init__.py': '',
        'mesh/security/__init__.py': 'from .kem import Kem\n',
        'mesh/security/kem.py': 'import oqs\nclass Kem: ...\n',
        'mesh/lazy/__init__.py': 'def __getattr__(name):\n    return name\n',
        'mesh/x.py':
          'from typing import TYPE_CHECKING\nfrom mesh.security import Kem, kem\nfrom mesh.security.kem import Kem as Other\nfrom .security import kem as third\nfrom mesh.lazy import crypto\nif TYPE_CHECKING:\n    from mesh.security.types import Key\n',
      },
    },
    {
      name: 'modules generated at build time',
      files: {
        'mesh/security/__init__.py': '',
        'mesh/security/x.py': 'import oqs\nfrom mesh.security.keys_pb2 import Key\n',
      },
      options: { generatedModules: ['mesh.security.keys_pb2'] },
    },
    good(
      'the module itself, loaded from its place',
      'import importlib.util, sys\nimport oqs\nspec = importlib.util.find_spec("oqs")\nreal = importlib.util.module_from_spec(spec)\nsys.modules["oqs"] = real\n',
    ),
    {
      name: 'a folder called like an installed package',
      files: {
        'redis/dump.py': 'x = 1\n',
        'security/x.py': 'import oqs\nimport redis.asyncio\nfrom redis.crypto import Lock\n',
      },
    },
    good(
      'classical cryptography beside it',
      'import hashlib, os\nimport oqs\ndef token():\n    return hashlib.sha256(os.urandom(32)).hexdigest()\n',
    ),
    good(
      'an old name where the library does not know the new one',
      'import oqs\ntry:\n    kem = oqs.KeyEncapsulation("ML-KEM-768")\nexcept Exception:\n    kem = oqs.KeyEncapsulation("Kyber768")\n',
    ),
    good(
      'a list that begins with the name of the standard',
      'import oqs\ndef check(m, s, k):\n    for name in ["ML-DSA-65", "Dilithium3"]:\n        if oqs.Signature(name).verify(m, s, k):\n            return True\n    return False\n',
    ),
    {
      name: 'an old default that a table translates on its way',
      files: {
        'mesh/box.py':
          'from mesh.adapter import Adapter\nclass Box:\n    def __init__(self, name: str = "Kyber768"):\n        self.adapter = Adapter(name)\nbox = Box()\n',
        'mesh/adapter.py':
          'import oqs\nclass Adapter:\n    def __init__(self, name: str):\n        old = {"Kyber768": "ML-KEM-768"}\n        if name in old:\n            name = old[name]\n        self.name = name\n    def pair(self):\n        return oqs.KeyEncapsulation(self.name).generate_keypair()\n',
      },
    },
    good(
      'an old name where the library offers it',
      'import oqs\nif "Kyber512" in oqs.get_enabled_kem_mechanisms():\n    kem = oqs.KeyEncapsulation("Kyber512")\n',
    ),
    good(
      'made-up keys behind a call that refuses',
      `import os\n${optional}def allowed():\n    if os.environ.get("SIMULATE") != "yes":\n        raise RuntimeError("liboqs is required")\ndef keys():\n    if HAVE:\n        return oqs.KeyEncapsulation("ML-KEM-768").generate_keypair()\n    allowed()\n    return 1\n`,
    ),
    {
      name: 'a library and a wrapper that belong together',
      files: {
        'mesh/x.py': 'import oqs\n',
        'requirements.txt': 'liboqs-python==0.14.1\n',
        Dockerfile:
          'FROM python:3.12\nRUN git clone -b 0.14.0 https://example.org/liboqs.git && cmake --build liboqs\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\n',
      },
    },
    {
      name: 'an image with a list of its own',
      files: {
        'mesh/x.py': 'import oqs\n',
        'requirements.txt': 'liboqs-python==0.14.1\n',
        'node/requirements.txt': 'requests==2.32.0\n',
        'node/Dockerfile': 'FROM python:3.12\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\n',
      },
    },
    {
      name: 'a package of JavaScript that implements the standard, and classical keys',
      files: {
        'src/kem.ts':
          "import { generateKeyPairSync } from 'node:crypto';\nimport { ml_kem768 } from '@noble/post-quantum/ml-kem.js';\nexport const pair = ml_kem768.keygen();\nexport const old = generateKeyPairSync('rsa', { modulusLength: 3072 });\n",
      },
      subjects: 1,
    },
    {
      name: 'a package that must be there',
      files: {
        'src/kem.js':
          "let oqs;\ntry {\n  oqs = require('liboqs-node');\n} catch (error) {\n  throw new Error('install liboqs-node');\n}\nmodule.exports = () => new oqs.KeyEncapsulation('ML-KEM-768');\n",
      },
    },
    {
      name: 'files that exist, and files that a build makes',
      files: {
        'src/security/a.ts':
          "import { b } from './b.js';\nimport c from '../c';\nimport { d } from './generated/keys';\nimport type { E } from './missing';\nimport './style.css';\nimport { ml_kem768 } from '@noble/post-quantum/ml-kem.js';\nb(c, d, ml_kem768);\n",
        'src/security/b.ts': 'export const b = (...a: unknown[]) => a;\n',
        'src/c/index.ts': 'export default 1;\n',
      },
      subjects: 1,
    },
    good('an exchange that ends when one half fails', `${hybrid}        raise\n    return pq + classical\n`),
  ],
  invalid: [
    {
      name: 'made-up keys that somebody has to ask for',
      files: {
        'mesh/x.py': `import os\n${optional}def keypair():\n    if not HAVE:\n        if os.environ.get("SIMULATE") == "yes":\n            return os.urandom(32)\n        raise RuntimeError("missing")\n    return oqs.KeyEncapsulation("ML-KEM-768").generate_keypair()\n`,
      },
      findings: [{ message: 'standIn', at: 'mesh/x.py:10', confidence: 'low' }],
      skip: ['comment'], // an empty block is no Python
    },
    bad(
      'made-up keys in a variable, another as an argument',
      'standIn',
      `import hashlib, os\n${optional}class Tunnel:\n    def start(self, pairs):\n        if HAVE:\n            public_key = oqs.KeyEncapsulation("ML-KEM-768").generate_keypair()\n        else:\n            public_key = hashlib.sha256(b"x").digest()  # <-\n        return public_key\n    def more(self, Pair):\n        if HAVE:\n            return None\n        else:\n            return Pair(public_key=os.urandom(32))  # <-\n`,
      ['comment'], // an empty block is no Python
    ),
    bad(
      'an exclusive or',
      'standIn',
      `${optional}def encrypt(data, key):\n    if not HAVE:\n        return bytes(a ^ b for a, b in zip(data, key))  # <-\n    return oqs.KeyEncapsulation("ML-KEM-768").encap_secret(key)\n`,
      ['comment'], // an empty block is no Python
    ),
    bad(
      'a verification that succeeds when the library or the key is missing',
      'verifies',
      'import logging\nHAVE = False\ntry:\n    import oqs\n    HAVE = True\nexcept ImportError:\n    oqs = None\nclass Daemon:\n    def verify_signature(self, m, s):\n        if not HAVE or self.verifier is None:\n            logging.debug("mock")\n            return True  # <-\n        return self.verifier.verify(m, s)\n',
    ),
    bad(
      'data that is not encrypted when the library is missing',
      'standIn',
      'try:\n    import oqs\nexcept ImportError:\n    oqs = None\ndef encrypt(data, key):\n    if oqs is None:\n        return data  # <-\n    return mix(oqs.KeyEncapsulation("ML-KEM-768", key), data)\n',
    ),
    bad(
      'a flag that is cleared before',
      'verifies',
      'HAVE = False\ntry:\n    import oqs\n    HAVE = True\nexcept Exception:\n    print("no liboqs")\ndef verify(m, s, k):\n    if not HAVE:\n        return True  # <-\n    return oqs.Signature("ML-DSA-65").verify(m, s, k)\n',
      ['comment'], // an empty block is no Python
    ),
    bad(
      'a lazy import that hides its failure',
      'swallowed',
      'def send(m):\n    kem = None\n    try:\n        import oqs  # <-\n        kem = oqs.KeyEncapsulation("ML-KEM-768")\n    except ImportError:\n        pass\n    return kem, m\n',
    ),
    {
      name: 'imports of one block that fail together',
      files: {
        'mesh/__init__.py': '',
        'mesh/x.py':
          'try:\n    from mesh.security.a import A\n    from mesh.security.b import B, C\nexcept ImportError:\n    A = None\n',
      },
      findings: [{ message: 'unresolved', at: 'mesh/x.py:2' }],
      skip: ['comment'], // an empty try is no Python
    },
    bad(
      'the module of a draft, once for all its names',
      'draftModule',
      'from pqcrypto.kem.kyber768 import encrypt, decrypt  # <-\n',
    ),
    bad(
      'one replacement for two modules',
      'replaced',
      'import sys, types\nfake = types.ModuleType("oqs")\nsys.modules["oqs"] = fake  # <-\nsys.modules["liboqs"] = fake\n',
      ['comment'], // the second line then stands alone
    ),
    {
      name: 'a package that nobody installs',
      files: { 'mesh/x.py': 'import oqs\n', 'requirements.txt': 'fastapi==0.115.0\n' },
      findings: [{ message: 'undeclared', at: 'mesh/x.py:1' }],
    },
    {
      name: 'packages of JavaScript that implement drafts',
      files: {
        'src/a.js': "const kyber = require('crystals-kyber');\nmodule.exports = kyber.KeyGen768();\n",
        'src/b.ts':
          "import { MlKem768, Kyber768 } from 'crystals-kyber-js';\nexport const both = [MlKem768, Kyber768];\n",
      },
      findings: [
        { message: 'draftModule', at: 'src/a.js:1' },
        { message: 'draftModule', at: 'src/b.ts:1' },
      ],
    },
    {
      name: 'made-up secrets and signatures in JavaScript',
      files: {
        'src/kem.js':
          "const crypto = require('crypto');\nlet oqs = null;\ntry {\n  oqs = require('liboqs-node');\n} catch (error) {\n  console.warn('no liboqs');\n}\nfunction encapsulate(key) {\n  if (!oqs) return { sharedSecret: crypto.randomBytes(32) };\n  return new oqs.KeyEncapsulation('Kyber768').encapsulate(key);\n}\nfunction verify(message, signature) {\n  if (!oqs) {\n    return true;\n  }\n  return new oqs.Signature('ML-DSA-65').verify(message, signature);\n}\nmodule.exports = { encapsulate, verify };\n",
      },
      findings: [
        { message: 'standIn', at: 'src/kem.js:9' },
        { message: 'draft', at: 'src/kem.js:10' },
        { message: 'verifies', at: 'src/kem.js:14' },
      ],
    },
    {
      name: 'a file of security code that is not there',
      files: { 'src/auth/guard.ts': "import { sign } from './post-quantum';\nexport const token = sign('x');\n" },
      findings: [{ message: 'unresolved', at: 'src/auth/guard.ts:1' }],
    },
    {
      name: 'a table that another function uses',
      files: {
        'mesh/x.py':
          'import oqs\nclass Box:\n    def __init__(self, name="Kyber768"):\n        self.kem = oqs.KeyEncapsulation(name)\nbox = Box()\nclass Other:\n    def __init__(self, name="ML-KEM-768"):\n        table = {"Kyber768": "ML-KEM-768"}\n        self.kem = oqs.KeyEncapsulation(table.get(name, name))\n',
      },
      findings: [{ message: 'draft', at: 'mesh/x.py:3' }],
    },
    {
      name: 'an image without the library',
      files: {
        'mesh/x.py': 'import oqs\n',
        'requirements.txt': 'liboqs-python==0.14.1\n',
        'deploy/Dockerfile': 'FROM python:3.12-slim\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\n',
      },
      findings: [{ message: 'noLibrary', at: 'deploy/Dockerfile:3' }],
    },
    {
      name: 'a library of another version than its wrapper',
      files: {
        'mesh/x.py': 'import oqs\n',
        'requirements.txt': 'liboqs-python>=0.14.1\n',
        Dockerfile:
          'FROM python:3.12\nARG VERSION=0.12.0\nRUN git clone --branch "${VERSION}" https://example.org/liboqs.git && cmake --build liboqs\nRUN pip install liboqs-python\n',
      },
      findings: [{ message: 'versions', at: 'Dockerfile:3' }],
    },
    {
      name: 'a hybrid exchange that drops a half',
      files: { 'mesh/x.py': `${hybrid}        return classical\n    return pq + classical\n` },
      findings: [{ message: 'dropped', at: 'mesh/x.py:7' }],
    },
    {
      name: 'a module that is not there',
      files: { 'mesh/__init__.py': '', 'mesh/x.py': 'from mesh.security.post_quantum import Signer\n' },
      findings: [{ message: 'unresolved', at: 'mesh/x.py:1' }],
    },
    {
      name: 'a name and a relative module that are not there',
      files: {
        'mesh/__init__.py': '',
        'mesh/crypto.py': 'def sign(m):\n    return m\n',
        'mesh/x.py': 'from mesh.crypto import verify, check\nfrom .quantum import kem\n',
      },
      findings: [
        { message: 'unresolved', at: 'mesh/x.py:1' },
        { message: 'unresolved', at: 'mesh/x.py:2' },
      ],
    },
    {
      name: 'a missing module behind a handler',
      files: {
        'mesh/__init__.py': '',
        'mesh/x.py': 'try:\n    from mesh.security.pq import Signer\nexcept ImportError:\n    Signer = None\n',
      },
      findings: [{ message: 'unresolved', at: 'mesh/x.py:2', confidence: 'medium' }],
      skip: ['comment'], // an empty try is no Python
    },
    bad('the name of the library', 'wrongModule', 'from liboqs import KeyEncapsulation  # <-\n'),
    bad(
      'made-up bytes',
      'standIn',
      `${optional}class Kem:\n    def encapsulate(self, key):\n        if not HAVE:\n            return os.urandom(1088), os.urandom(32)  # <-\n        return oqs.KeyEncapsulation("ML-KEM-768").encap_secret(key)\n`.replace(
        'try:',
        'import os\ntry:',
      ),
      ['comment'], // an empty block is no Python
    ),
    bad(
      'a hash instead of a signature',
      'standIn',
      'import hashlib\ntry:\n    import oqs\nexcept ImportError:\n    oqs = None\ndef sign(m, key):\n    if oqs is not None:\n        return oqs.Signature("ML-DSA-65").sign(m)\n    return hashlib.sha256(m + key).digest()  # <-\n',
    ),
    bad(
      'a class in the handler',
      'standIn',
      'try:\n    import oqs\nexcept Exception:\n    class MockSignature:  # <-\n        def sign(self, m):\n            return b""\n',
      ['comment'], // the rest of the class does not fit the handler
    ),
    bad(
      'everything is genuine',
      'verifies',
      `${optional}def verify(m, s, k):\n    if not HAVE:\n        return True  # <-\n    return oqs.Signature("ML-DSA-65").verify(m, s, k)\n`,
      ['comment'], // an empty block is no Python
    ),
    bad('nobody notices', 'swallowed', 'try:\n    import oqs  # <-\nexcept ImportError:\n    pass\n', ['comment']),
    bad('another module in its place', 'replaced', 'import sys\nimport fake\nsys.modules["oqs"] = fake  # <-\n'),
    bad(
      'a draft name',
      'draft',
      'import oqs\nkem = oqs.KeyEncapsulation("Kyber768")  # <-\nsig = oqs.Signature("sphincs+-sha2-128f-simple")  # <-\n',
    ),
    bad(
      'a draft name as a default',
      'draft',
      'import oqs\nDEFAULT = "Dilithium3"  # <-\ndef signer(name=None):\n    return oqs.Signature(name or DEFAULT)\n',
    ),
    bad(
      'signing with one and verifying with another',
      'mismatch',
      'import oqs\ndef sign(m):\n    return oqs.Signature("ML-DSA-65").sign(m)\ndef verify(m, s, k):\n    return oqs.Signature("ML-DSA-87").verify(m, s, k)  # <-\n',
    ),
  ],
  notApplicable: [
    { name: 'no post-quantum cryptography', files: { 'mesh/x.py': 'import hashlib\n' } },
    { name: 'tests alone', files: { 'tests/test_x.py': 'import oqs\n' } },
  ],
});
