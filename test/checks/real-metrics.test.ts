import { realMetrics } from '../../src/checks/real-metrics.ts';
import { testCheck } from '../check-tester.ts';
import { inFile } from '../marked.ts';

const head =
  'import os, random, time\nimport psutil\nfrom prometheus_client import Counter, Gauge, Histogram\nlatency = Gauge("latency", "x", ["peer"])\n';

const { bad: badFile, good: goodFile } = inFile('app/x.py', '');
const bad = (name: string, message: string, text: string) => badFile(name, head + text, message);
const good = (name: string, text: string) => goodFile(name, head + text);

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
      name: 'simulations and load generators may invent',
      files: {
        'app/simulation.py': `${head}latency.labels("a").set(random.random())\n`,
        'app/x.py': `${head}class TelemetryGenerator:\n    def node(self):\n        return {"cpu": random.random()}\nlatency.labels("a").set(psutil.cpu_percent())\n`,
      },
    },
    good(
      'a mock that only demonstrations use',
      'class FakeProbe:\n    def read(self):\n        return {"cpu": random.random()}\ndef demo():\n    return FakeProbe().read()\nlatency.labels("a").set(psutil.cpu_percent())\n',
    ),
    {
      name: 'measured in JavaScript',
      files: {
        'src/metrics.ts':
          "import client, { Gauge, Histogram } from 'prom-client';\nimport os from 'node:os';\nconst load = new Gauge({ name: 'load', help: 'x' });\nconst took = new Histogram({ name: 'took', help: 'x' });\nexport function collect(run: () => void) {\n  const started = performance.now();\n  run();\n  took.observe(performance.now() - started);\n  load.set(os.loadavg()[0]!);\n  setTimeout(() => collect(run), Math.random() * 1000);\n}\nexport const page = () => client.register.metrics();\n",
      },
      subjects: 2,
    },
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
    bad(
      'a random number that is multiplied',
      'random',
      'def route(path):\n    return {"latency_ms": random.uniform(10, 50) * len(path)}  # <-\n',
    ),
    bad('a constant', 'constant', 'latency.labels("a").set(12.5)  # <-\n'),
    bad('the environment', 'configured', 'latency.labels("a").set(os.environ["LATENCY"])  # <-\n'),
    bad(
      'a mock by its name',
      'mock',
      'class Monitor:\n    def _mock_packets(self):\n        return int(time.time()) % 100\n    def collect(self):\n        latency.labels("a").inc(self._mock_packets())  # <-\n',
    ),
    bad(
      'metrics kept in a dictionary',
      'random',
      'class Monitor:\n    def collect(self):\n        self.metrics["latency"].labels(peer="a").observe(random.gauss(25, 5))  # <-\n',
    ),
    bad(
      'a mock adapter where nothing else is found',
      'chosen',
      'class MockAdapter:\n    def statistics(self):\n        return {"latency_ms": random.random(), "packet_loss": random.random()}\nclass Mesh:\n    def start(self, found):\n        self.adapter = found or MockAdapter()  # <-\n    def demo(self, backend):\n        if backend == "simulation":\n            self.adapter = MockAdapter()\n',
    ),
    bad(
      'simulated features in an answer',
      'chosen',
      'def _simulated_features(node):\n    return {"cpu": random.random()}\ndef predict(node):\n    return _simulated_features(node)  # <-\ndef training_data():\n    return _simulated_features("a")\n',
    ),
    bad(
      'a counter that counts its readers',
      'scraped',
      'import prometheus_client\nhits = Counter("cache_hits", "x", ["kind"])\nmetrics_requests = Counter("metrics_requests", "x")\ndef metrics():\n    hits.labels(kind="redis").inc()  # <-\n    metrics_requests.inc()\n    latency.labels("a").set(psutil.cpu_percent())\n    return prometheus_client.generate_latest()\n',
    ),
    {
      name: 'made up in JavaScript',
      files: {
        'src/metrics.ts':
          "import client from 'prom-client';\nconst latency = new client.Gauge({ name: 'latency', help: 'x', labelNames: ['peer'] });\nconst hits = new client.Counter({ name: 'cache_hits', help: 'x' });\nexport function collect(row: { latency?: number }) {\n  latency.labels('a').set(Math.round(Math.random() * 50));\n  latency.set(row.latency ?? Math.random());\n}\nexport async function page() {\n  hits.inc();\n  return client.register.metrics();\n}\nexport const telemetry = () => {\n  return { cpuPercent: Math.random() * 100 };\n};\n",
      },
      findings: [
        { message: 'random', at: 'src/metrics.ts:5', confidence: 'high' },
        { message: 'fallback', at: 'src/metrics.ts:6' },
        { message: 'scraped', at: 'src/metrics.ts:9' },
        { message: 'random', at: 'src/metrics.ts:13', confidence: 'medium' },
      ],
    },
    {
      name: 'one finding for the values of a function',
      files: {
        'app/x.py': `${head}def telemetry():\n    return {\n        "cpu": random.random(),\n        "memory": random.random(),\n    }\n`,
      },
      findings: [{ message: 'random', at: 'app/x.py:7', confidence: 'medium' }],
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
