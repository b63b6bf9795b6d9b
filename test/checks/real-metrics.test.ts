import { realMetrics } from '../../src/checks/real-metrics.ts';
import { testCheck } from '../check-tester.ts';

const head =
  'import os, random, time\nimport psutil\nfrom prometheus_client import Counter, Gauge, Histogram\nlatency = Gauge("latency", "x", ["peer"])\n';

function bad(name: string, message: string, text: string) {
  const rows = (head + text).split('\n');
  const findings = rows.flatMap((row, i) => (row.includes('# <-') ? [{ message, at: `app/x.py:${i + 1}` }] : []));
  return { name, files: { 'app/x.py': head + text }, findings };
}

const good = (name: string, text: string) => ({ name, files: { 'app/x.py': head + text } });

testCheck(realMetrics, {
  valid: [
    good('measured by psutil', 'cpu = Gauge("cpu", "x")\ncpu.set(psutil.cpu_percent())\n'),
    good(
      'measured by the clock',
      'def f(run):\n    t = time.time()\n    run()\n    latency.labels("a").set(time.time() - t)\n',
    ),
    good('a counter of events', 'seen = Counter("seen", "x")\ndef f():\n    seen.inc(1)\n'),
    good('a state', 'up = Gauge("up", "x")\nup.set(1)\n'),
    good(
      'jitter and sampling',
      'def f(n):\n    time.sleep(random.random())\n    if random.random() < 0.1:\n        latency.labels("a").set(n)\n',
    ),
    good(
      'a setting by its name',
      'limit = Gauge("limit", "x")\nlimit.set(100)\nlimit.set(float(os.environ["LIMIT"]))\n',
    ),
    {
      name: 'tests may invent',
      files: {
        'app/x.py': `${head}latency.labels("a").set(psutil.cpu_percent())\n`,
        'tests/test_x.py': 'import random\nfrom prometheus_client import Gauge\nGauge("a", "b").set(random.random())\n',
      },
    },
  ],
  invalid: [
    bad('a random gauge', 'random', 'latency.labels("a").set(random.uniform(1, 9))  # <-\n'),
    bad(
      'through a variable and a function',
      'random',
      'def probe():\n    value = random.gauss(20, 5)\n    return round(value, 2)\nlatency.labels("a").set(probe())  # <-\n',
    ),
    bad(
      'a random histogram',
      'random',
      'import numpy as np\nh = Histogram("h", "x")\nh.observe(np.random.exponential(2))  # <-\n',
    ),
    bad(
      'telemetry in a dictionary',
      'random',
      'def telemetry():\n    return {\n        "cpu_percent": random.random() * 100,  # <-\n    }\n',
    ),
    bad(
      'random where nothing was measured',
      'fallback',
      'def f(row):\n    latency.labels("a").set(row.get("latency") or random.random())  # <-\n',
    ),
    bad('a constant', 'constant', 'latency.labels("a").set(12.5)  # <-\n'),
    bad('the environment', 'configured', 'latency.labels("a").set(os.environ["LATENCY"])  # <-\n'),
    {
      name: 'a simulation is to review',
      files: { 'app/simulation.py': `${head}latency.labels("a").set(random.random())\n` },
      findings: [{ message: 'random', at: 'app/simulation.py:5', confidence: 'low' }],
    },
  ],
  notApplicable: [
    { name: 'no metrics', files: { 'app/x.py': 'import random\nprint(random.random())\n' } },
    {
      name: 'tests alone',
      files: { 'tests/test_x.py': 'from prometheus_client import Gauge\nGauge("a", "b").set(1)\n' },
    },
  ],
});
