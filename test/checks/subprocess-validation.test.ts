import { subprocessValidation } from '../../src/checks/subprocess-validation.ts';
import { testCheck } from '../check-tester.ts';
import { inFile } from '../marked.ts';

const { bad, good } = inFile('app/x.py', 'shell');

const VIEW =
  'import os, subprocess, shlex, re\nfrom flask import Flask, request\napp = Flask(__name__)\n@app.post("/x")\ndef f():\n    v = request.form["v"]\n';

testCheck(subprocessValidation, {
  invalid: [
    bad(
      'a request that names a file',
      `${VIEW}    os.system("rm " + os.path.splitext(v)[0])  # <-\n    return {}\n`,
      'request',
    ),
    bad(
      'a command that the operator sets',
      'import argparse, os, subprocess\nargs = argparse.ArgumentParser().parse_args()\nsubprocess.run(args.reply_command, shell=True)  # <-\nos.system(os.environ["START_CMD"])  # <-\n',
      'shell',
      { confidence: 'low' },
    ),
    bad(
      'a setting that becomes a part of a command',
      'import argparse, os\nargs = argparse.ArgumentParser().parse_args()\nos.system("run " + args.command)  # <-\nos.system(os.environ["HOST"])  # <-\n',
      'shell',
      { confidence: 'high' },
    ),
    {
      name: 'a command in the configuration',
      files: {
        'src/x.js':
          "const nconf = require('nconf');\nconst { exec } = require('child_process');\nexec(nconf.get('launchCmd'));\n",
      },
      findings: [{ message: 'shell', at: 'src/x.js:3', confidence: 'low' }],
    },
    bad(
      'names of files in the place of arguments',
      'import os, subprocess\nsubprocess.run("chown -R app *", shell=True)  # <-\nos.system("cd /srv && tar czf /b.tgz *.log")  # <-\n',
      'wildcard',
      { confidence: 'low' },
    ),
    {
      name: 'names of files in JavaScript',
      files: { 'src/x.js': "const { exec } = require('child_process');\nexec('rsync -a * backup:/srv');\n" },
      findings: [{ message: 'wildcard', at: 'src/x.js:2', confidence: 'low' }],
    },
    {
      name: 'a pattern that is asked and not listened to',
      files: {
        'src/x.js':
          "const { exec } = require('child_process');\nfunction check(value, pattern) {\n  if (!pattern.test(value)) console.warn(value);\n  return value;\n}\nexports.ping = (host) => exec(`ping ${check(host, /^[a-z.]+$/)}`);\n",
      },
      findings: [{ message: 'shell', at: 'src/x.js:6' }],
    },
    bad(
      'a shell that was bound before, and an operator of a scheduler',
      'import functools, subprocess\nfrom airflow.operators.bash import BashOperator\nsh = functools.partial(subprocess.run, shell=True)\ndef f(host):\n    sh("ping " + host)  # <-\n    BashOperator(task_id="x", bash_command="ls " + host)  # <-\n',
    ),
    bad(
      'a program that an option names',
      'import argparse, subprocess\nargs = argparse.ArgumentParser().parse_args()\nsubprocess.run([args.browser, "-x"])  # <-\n',
      'program',
      { confidence: 'low' },
    ),
    bad(
      'the program a process becomes',
      'import os\nfrom somewhere import pick\ntool = pick()\nos.execl(tool, tool, "-x")  # <-\nos.execl("/bin/ls", "ls")\n',
      'program',
    ),
    bad(
      'a context manager of its own',
      'import asyncio\nclass Loop:\n    def __enter__(self):\n        self.loop = asyncio.new_event_loop()\n        return self.loop\ndef f(n):\n    with Loop() as loop:\n        loop.subprocess_shell(None, n)  # <-\n',
    ),
    bad(
      'arguments without the program',
      'import os\ndef f(n):\n    os.spawnl(os.P_WAIT, "/bin/bash", "-c", "ls " + n)  # <-\n',
    ),
    bad('after a raise', 'import os, sys\nraise SystemExit(0)\nos.system(sys.argv[1])  # <-\n'),
    bad(
      'built texts',
      'import subprocess\ndef f(n):\n    subprocess.run("ls %s" % n, shell=True)  # <-\n    subprocess.run("ls {}".format(n), shell=True)  # <-\n    subprocess.call(f"ls {n}", shell=True)  # <-\n    subprocess.Popen("ls " + n, shell=True)  # <-\n',
    ),
    bad(
      'a variable built earlier',
      'import subprocess\ndef f(n):\n    cmd = "ls"\n    cmd += " -l "\n    cmd = cmd + n\n    return subprocess.check_output(cmd, shell=True)  # <-\n',
    ),
    bad(
      'a truthy shell',
      'import subprocess\ndef f(n):\n    subprocess.run(n, shell=1)  # <-\n    subprocess.run(n, shell="True")  # <-\n    subprocess.run(n, shell=[1])  # <-\n',
    ),
    bad('os.system and popen', 'import os\ndef f(n):\n    os.system("ls " + n)  # <-\n    os.popen("ls " + n)  # <-\n'),
    bad(
      'getoutput, commands and popen2',
      'import commands, popen2, subprocess\ndef f(n):\n    subprocess.getoutput(n)  # <-\n    commands.getoutput(n)  # <-\n    popen2.popen3(n)  # <-\n',
    ),
    bad(
      'a shell in a list',
      'import subprocess\ndef f(n):\n    subprocess.run(["sh", "-c", "ls " + n])  # <-\n    subprocess.run(["sudo", "/bin/bash", "-lc", n])  # <-\n',
    ),
    bad('shell with a list', 'import subprocess\ndef f(n):\n    subprocess.run(["ls", n], shell=True)  # <-\n'),
    bad(
      'exec of a shell',
      'import os\ndef f(n):\n    os.execl("/bin/bash", "/bin/bash", "-c", n())  # <-\n    os.spawnve(os.P_WAIT, "/bin/sh", ["sh", "-c", n()], os.environ)  # <-\n',
    ),
    bad(
      'asyncio',
      'import asyncio\nasync def f(n):\n    await asyncio.create_subprocess_shell("ls " + n)  # <-\n    await asyncio.create_subprocess_exec("sh", "-c", n)  # <-\n    loop = asyncio.get_event_loop()\n    await loop.subprocess_shell(None, "ls " + n)  # <-\n',
    ),
    bad(
      'other ways to name it',
      'import os\nfrom subprocess import run as go\ndef f(n):\n    getattr(os, "system")("ls " + n)  # <-\n    __import__("os").system("ls " + n)  # <-\n    go("ls " + n, shell=True)  # <-\n',
    ),
    bad(
      'a keyword and a partial',
      'import functools, subprocess\nsh = functools.partial(subprocess.run, shell=True)\ndef f(n):\n    subprocess.run(args="ls " + n, shell=True)  # <-\n',
    ),
    bad(
      'arguments and environment',
      'import os, subprocess, sys\ndef f():\n    os.system("ls " + sys.argv[1])  # <-\n    os.system(os.environ["CMD"])  # <-\n    subprocess.run("ls " + input(), shell=True)  # <-\n',
    ),
    bad(
      'a program from the command line',
      'import subprocess, sys\nsubprocess.run([sys.argv[1], "-x"])  # <-\nsubprocess.Popen(input())  # <-\n',
      'program',
      { confidence: 'medium' },
    ),
    bad(
      'request data and a shell',
      `${VIEW}    os.system("ping " + v)  # <-\n    subprocess.run(["bash", "-c", f"ping {v}"])  # <-\n    return {}\n`,
      'request',
      { severity: 'critical' },
    ),
    bad(
      'a program from a request',
      `${VIEW}    subprocess.run([v, "-x"])  # <-\n    subprocess.run(shlex.split(v))  # <-\n    return {}\n`,
      'request',
    ),
    bad('a script from a request', `${VIEW}    subprocess.run(["python3", v])  # <-\n    return {}\n`, 'request'),
    bad('an option from a request', `${VIEW}    subprocess.run(["git", "clone", v])  # <-\n    return {}\n`, 'option'),
    {
      name: 'a wrapper with its worst caller',
      files: {
        'app/shell.py': 'import subprocess\n\n\ndef run_cmd(cmd):\n    return subprocess.run(cmd, shell=True)\n',
        'app/views.py':
          'from .shell import run_cmd\n\n\ndef a():\n    run_cmd("ls")\n\n\ndef b(request):\n    run_cmd("ls " + request.GET["d"])\n',
      },
      findings: [{ message: 'request', at: 'app/shell.py:5', severity: 'critical' }],
    },
    bad('a wrapper that nobody calls', 'import os\ndef execute(cmd):\n    return os.popen(cmd).read()  # <-\n'),
    bad(
      'a list with a shell through a wrapper',
      'import subprocess\ndef safe_run(cmd):\n    return subprocess.run(cmd, shell=False)  # <-\ndef f(x):\n    safe_run(["bash", "-c", x])\n',
    ),
    bad(
      'a remote command',
      'import paramiko\ndef f(host, n):\n    client = paramiko.SSHClient()\n    client.connect(host)\n    client.exec_command("ls " + n)  # <-\n',
    ),
    bad(
      'a cloud function',
      'import os\ndef handler(event, context):\n    os.system(f"ls {event[\'dir\']}")  # <-\n',
      'request',
    ),
    bad(
      'a standard request handler',
      'import os\nfrom http.server import BaseHTTPRequestHandler\nclass H(BaseHTTPRequestHandler):\n    def do_GET(self):\n        os.system("ls " + self.path)  # <-\n',
      'request',
    ),
    bad(
      'a parameter of a route',
      'import os\nfrom fastapi import FastAPI\napp = FastAPI()\n@app.get("/ls/{name}")\nasync def f(name: str):\n    os.system("ls " + name)  # <-\n',
      'request',
    ),
  ],
  valid: [
    good(
      'names of constant files without their endings',
      'import os, subprocess\ndef run(args):\n    subprocess.run(["bash", "-c", " ".join(args)])\ndef main():\n    for name in ["plan.md", "budget.md"]:\n        base = os.path.splitext(name)[0]\n        run(["pandoc", os.path.join("out", f"{base}.pdf")])\n',
      1,
    ),
    good(
      'patterns that begin with a folder or come after two hyphens',
      'import os\nos.system("chown app ./*")\nos.system("chown app /srv/*")\nos.system("chmod 600 -- *")\nos.system("ls *; tar --version")\n',
      4,
    ),
    {
      name: 'a wrapper that is given the pattern',
      files: {
        'src/check.js':
          "exports.checked = (value, pattern) => {\n  if (!pattern.test(value)) throw new Error('refused');\n  return value;\n};\n",
        'src/patterns.js': 'exports.HOST_PATTERN = /^[a-z.]+$/;\n',
        'src/x.js':
          "const { exec } = require('child_process');\nconst { checked } = require('./check');\nconst { HOST_PATTERN } = require('./patterns');\nexports.ping = (host) => exec(`ping ${checked(host, /^[a-z.]+$/)}`);\nexports.look = (host) => {\n  if (!HOST_PATTERN.test(host)) return;\n  exec(`nslookup ${host}`);\n};\n",
      },
      subjects: 2,
    },
    good(
      'data for a constant script',
      `${VIEW}    subprocess.run(["python3", "sign.py", "--data", v])\n    subprocess.run(["python3", "-u", "-m", "tools.sign", v])\n    return {}\n`,
      2,
    ),
    good(
      'a shell that only checks the syntax',
      'import subprocess, sys\nsubprocess.run(["bash", "-n", "-c", open(sys.argv[1]).read()], check=True)\n',
      1,
    ),
    good(
      'constants',
      'import os, subprocess\nBASE = "git"\nsubprocess.run("ls -l", shell=True)\nsubprocess.run(["ls", "-l"])\nsubprocess.run(("ls", "-l"))\nos.system(BASE + " status")\n',
      4,
    ),
    {
      name: 'a constant of another module',
      files: {
        'app/names.py': 'TOOL = "git"\n',
        'app/x.py': 'import os\nfrom .names import TOOL\nos.system(f"{TOOL} status")\n',
      },
      subjects: 1,
    },
    good(
      'conditions that are decided',
      'import os\nLEGACY = False\ndef f(n):\n    cmd = "ls " + n if LEGACY else "ls"\n    os.system(cmd)\n',
      1,
    ),
    good(
      'one of two constants',
      'import os\ndef f(long):\n    cmd = "ls"\n    if long:\n        cmd = "ls -l"\n    os.system(cmd)\n',
      1,
    ),
    good(
      'no shell',
      'import subprocess\ndef f(n):\n    subprocess.run(["ls", n], shell=False)\n    subprocess.run(["ls", n], shell=0)\n    subprocess.run(["ls", n], shell=None)\n    subprocess.run(["ls", n], shell={**{}})\n',
      4,
    ),
    good(
      'quoted',
      'import os, shlex\nfrom shlex import quote as q\ndef f(n, rows):\n    os.system("ls " + shlex.quote(n))\n    os.system(f"ls {q(n)}")\n    os.system("ls " + shlex.join(rows))\n',
      3,
    ),
    good(
      'an allow-list',
      'import os\nALLOWED = ("start", "stop")\nCOMMANDS = {"a": "ls", "b": "df"}\ndef f(n):\n    if n not in ALLOWED:\n        raise ValueError(n)\n    os.system("service x " + n)\ndef g(n):\n    os.system(COMMANDS[n])\n',
      2,
    ),
    good(
      'numbers and patterns',
      'import os, re\ndef f(n):\n    os.system("kill " + str(int(n)))\ndef g(n):\n    if not re.fullmatch(r"[a-z]+", n):\n        return\n    os.system("ls " + n)\ndef h(n):\n    if n.isalnum():\n        os.system("ls " + n)\n',
      3,
    ),
    good(
      'a typed parameter of a route',
      'import os\nfrom fastapi import FastAPI\napp = FastAPI()\n@app.get("/kill/{pid}")\ndef f(pid: int):\n    os.system(f"kill {pid}")\n',
      1,
    ),
    good(
      'a checked request',
      `${VIEW}    if v not in {"a", "b"}:\n        return {}\n    os.system("ls " + v)\n    return {}\n`,
      1,
    ),
    good(
      'a request value after two hyphens',
      `${VIEW}    subprocess.run(["git", "log", "--", v])\n    subprocess.run(["echo", v])\n    return {}\n`,
      2,
    ),
    good(
      'the interpreter',
      'import subprocess, sys\nsubprocess.run([sys.executable, "-m", "pip"])\nsubprocess.run(sys.executable)\n',
      2,
    ),
    good(
      'a wrapper with constant callers',
      'import subprocess\ndef run(cmd):\n    return subprocess.run(cmd, shell=True)\ndef f():\n    run("ls")\n    run("df -h")\n',
      1,
    ),
    good(
      'a wrapper without a shell',
      'import subprocess\ndef run(cmd):\n    return subprocess.run(cmd, check=True)\n',
      1,
    ),
    good(
      'a match on constants',
      'import os\ndef f(mode):\n    match mode:\n        case "a":\n            cmd = "ls"\n        case _:\n            cmd = "df"\n    os.system(cmd)\n',
      1,
    ),
    good(
      'another key of a dictionary',
      'import os\ndef f(n):\n    d = {"a": "ls", "b": n}\n    os.system(d["a"])\n',
      1,
    ),
    good('an element of a list', 'import os\ndef f(n):\n    rows = ["ls", n]\n    os.system(rows[0])\n', 1),
  ],
  notApplicable: [
    good(
      'other things of the same name',
      'import re\nclass Popen:\n    def run(self, cmd):\n        return cmd\ndef f(db, cursor, n):\n    db.exec("select " + n)\n    cursor.execute("select " + n)\n    Popen().run("ls " + n)\n    re.compile("subprocess").match(n)\n',
    ),
    good('errors', 'import subprocess\ndef f(n):\n    raise subprocess.CalledProcessError(1, "ls " + n)\n'),
    good('words', '"""os.system("rm " + x)"""\n# subprocess.run(x, shell=True)\nNOTE = "os.system"\n'),
    good('a branch that never runs', 'import os\ndef f(n):\n    if False:\n        os.system("ls " + n)\n'),
  ],
});
