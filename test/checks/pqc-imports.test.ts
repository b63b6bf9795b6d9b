import { pqcImports } from '../../src/checks/pqc-imports.ts';
import { testCheck } from '../check-tester.ts';

/** One file, with one finding at each line that is marked. */
function bad(name: string, message: string, text: string, skip: readonly 'comment'[] = []) {
  const rows = text.split('\n');
  const findings = rows.flatMap((row, i) => (row.includes('# <-') ? [{ message, at: `mesh/x.py:${i + 1}` }] : []));
  return { name, files: { 'mesh/x.py': text }, findings, skip };
}

const good = (name: string, text: string) => ({ name, files: { 'mesh/x.py': text } });
const optional = 'try:\n    import oqs\n    HAVE = True\nexcept ImportError:\n    HAVE = False\n';

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
  ],
  invalid: [
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
