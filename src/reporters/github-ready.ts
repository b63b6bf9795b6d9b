/** Knows what GitHub code scanning rejects in a SARIF file, or misreads, beyond what the JSON schema says. */

type Json = Readonly<Record<string, unknown>>;
type Say = (place: string, problem: string) => void;

const MAX_RUNS = 20;
const MAX_RESULTS = 25_000;
const SHOWN_RESULTS = 5000;
const MAX_RULES = 25_000;
const MAX_EXTENSIONS = 100;
const MAX_TAGS = 20;
const SHOWN_TAGS = 10;
const MAX_LOCATIONS = 1000;
const SHOWN_LOCATIONS = 100;
const MAX_STEPS = 10_000;
const SHOWN_STEPS = 1000;
const MAX_DESCRIPTION = 1024;
const MAX_NAME = 255;

/** What makes GitHub reject the whole file, or lose a result, each with its JSON path. Empty: the file can be uploaded. */
export function githubProblems(log: unknown): string[] {
  return inspect(log).problems;
}

/** What GitHub accepts and shows otherwise than meant, each with its JSON path. */
export function githubWarnings(log: unknown): string[] {
  return inspect(log).warnings;
}

function inspect(log: unknown): { problems: string[]; warnings: string[] } {
  const problems: string[] = [];
  const warnings: string[] = [];
  const bad: Say = (place, problem) => problems.push(`${place}: ${problem}`);
  const odd: Say = (place, problem) => warnings.push(`${place}: ${problem}`);
  if (!isObject(log)) {
    bad('log', 'is not a JSON object');
    return { problems, warnings };
  }
  if (log.version !== '2.1.0') bad('version', 'must be "2.1.0"');
  if (typeof log.$schema !== 'string') odd('$schema', 'is missing');
  if (!Array.isArray(log.runs)) bad('runs', 'must be an array');
  const runs = list(log.runs);
  if (runs.length > MAX_RUNS) bad('runs', `has ${runs.length} runs; at most ${MAX_RUNS} are accepted`);
  const categories = new Set<string>();
  for (const [index, run] of runs.entries()) {
    const driver = object(object(run.tool).driver);
    const { name, fullName, version, semanticVersion, guid } = driver;
    const category = JSON.stringify([name, fullName, version, semanticVersion, guid, object(run.automationDetails).id]);
    if (categories.has(category)) bad(`runs[${index}]`, 'has the same tool and category as an earlier run');
    categories.add(category);
    inspectRun(run, `runs[${index}]`, bad, odd);
  }
  return { problems, warnings };
}

function inspectRun(run: Json, at: string, bad: Say, odd: Say): void {
  const driver = object(object(run.tool).driver);
  if (!filled(driver.name)) bad(`${at}.tool.driver.name`, 'is missing');
  if (!Array.isArray(driver.rules)) bad(`${at}.tool.driver.rules`, 'must be an array, also when it is empty');
  if (!Array.isArray(run.results)) bad(`${at}.results`, 'must be an array, also when nothing was found');
  const rules = list(driver.rules);
  const results = list(run.results);
  const extensions = list(object(run.tool).extensions);
  if (rules.length > MAX_RULES)
    bad(`${at}.tool.driver.rules`, `has ${rules.length} rules; at most ${MAX_RULES} are accepted`);
  if (extensions.length > MAX_EXTENSIONS)
    bad(`${at}.tool.extensions`, `are ${extensions.length}; at most ${MAX_EXTENSIONS} are accepted`);
  if (results.length > MAX_RESULTS)
    bad(`${at}.results`, `has ${results.length} results; at most ${MAX_RESULTS} are accepted`);
  else if (results.length > SHOWN_RESULTS)
    odd(`${at}.results`, `has ${results.length} results; GitHub keeps ${SHOWN_RESULTS}`);
  for (const [index, invocation] of list(run.invocations).entries()) {
    if (invocation.executionSuccessful === false)
      bad(`${at}.invocations[${index}]`, 'executionSuccessful is false, so the upload fails');
  }
  const ids = new Set<unknown>();
  for (const [index, rule] of rules.entries()) {
    const place = `${at}.tool.driver.rules[${index}]`;
    if (ids.has(rule.id)) bad(place, `repeats the rule id ${quoted(rule.id)}`);
    ids.add(rule.id);
    inspectRule(rule, place, bad, odd);
  }
  for (const extension of extensions) for (const rule of list(extension.rules)) ids.add(rule.id);
  for (const property of ['suppressions', 'baselineState']) {
    const having = results.filter((result) => result[property] !== undefined).length;
    if (having > 0 && having < results.length)
      bad(`${at}.results`, `some have ${property} and some have not; all must, or none`);
  }
  const alerts = new Set<string>();
  for (const [index, result] of results.entries()) {
    const place = `${at}.results[${index}]`;
    inspectResult(result, place, ids, rules, bad, odd);
    const location = object(object(list(result.locations)[0]).physicalLocation);
    const alert = JSON.stringify([
      result.ruleId,
      object(location.artifactLocation).uri,
      object(result.partialFingerprints).primaryLocationLineHash ?? object(location.region).startLine,
    ]);
    if (alerts.has(alert)) odd(place, 'shares its rule and line with another result, so both become one alert');
    alerts.add(alert);
  }
}

function inspectRule(rule: Json, at: string, bad: Say, odd: Say): void {
  if (!filled(rule.id)) bad(`${at}.id`, 'is missing');
  for (const property of ['shortDescription', 'fullDescription', 'help']) {
    const { text } = object(rule[property]);
    if (!filled(text)) bad(`${at}.${property}.text`, 'is missing');
    else if (property !== 'help' && text.length > MAX_DESCRIPTION) {
      bad(`${at}.${property}.text`, `has ${text.length} characters; at most ${MAX_DESCRIPTION} are accepted`);
    }
  }
  if (typeof rule.name === 'string' && rule.name.length > MAX_NAME)
    bad(`${at}.name`, `is longer than ${MAX_NAME} characters`);
  if (rule.helpUri !== undefined && !filled(rule.helpUri)) bad(`${at}.helpUri`, 'is empty; leave it out');
  const properties = object(rule.properties);
  const tags = Array.isArray(properties.tags) ? properties.tags : [];
  if (tags.length > MAX_TAGS) bad(`${at}.properties.tags`, `has ${tags.length} tags; at most ${MAX_TAGS} are accepted`);
  else if (tags.length > SHOWN_TAGS)
    odd(`${at}.properties.tags`, `has ${tags.length} tags; GitHub keeps ${SHOWN_TAGS}`);
  if (repeats(tags)) bad(`${at}.properties.tags`, 'repeats a tag');
  if (repeats(rule.relationships)) bad(`${at}.relationships`, 'repeats an entry');
  const severity = properties['security-severity'];
  if (severity === undefined) return;
  const number = typeof severity === 'string' && /^\d+(\.\d+)?$/.test(severity) ? Number(severity) : Number.NaN;
  if (!(number > 0 && number <= 10))
    bad(`${at}.properties.security-severity`, 'must be a string with a number from 0.1 to 10.0');
  else if (number === 9)
    odd(`${at}.properties.security-severity`, 'is 9.0, which consumers read as high or as critical');
}

function inspectResult(
  result: Json,
  at: string,
  ids: ReadonlySet<unknown>,
  rules: readonly Json[],
  bad: Say,
  odd: Say,
): void {
  const reference = object(result.rule);
  const id = result.ruleId ?? reference.id;
  const index = result.ruleIndex ?? reference.index;
  const inDriver = reference.toolComponent === undefined;
  if (id === undefined && index === undefined) bad(at, 'names no rule');
  if (id !== undefined && !ids.has(id)) bad(`${at}.ruleId`, `${quoted(id)} is not among the rules`);
  if (inDriver && typeof index === 'number' && index !== -1) {
    if (rules[index] === undefined) bad(`${at}.ruleIndex`, `there is no rule number ${index}`);
    else if (id !== undefined && rules[index].id !== id)
      bad(`${at}.ruleIndex`, `rule number ${index} is not ${quoted(id)}`);
  }
  const { text, id: messageId } = object(result.message);
  if (!filled(text) && !filled(messageId)) bad(`${at}.message.text`, 'is missing');
  const { kind = 'fail', level } = result;
  if (kind !== 'fail' && level !== undefined && level !== 'none')
    bad(`${at}.level`, `must be "none" for kind ${quoted(kind)}`);
  if (kind !== 'fail') odd(at, `is of kind ${quoted(kind)}; GitHub opens an alert for it`);
  if (Array.isArray(result.suppressions) && result.suppressions.length > 0)
    odd(at, 'is suppressed; GitHub opens an alert for it');
  if (result.baselineState === 'absent') odd(at, 'is absent from this scan; GitHub opens an alert for it');
  if (!filled(object(result.partialFingerprints).primaryLocationLineHash)) {
    odd(`${at}.partialFingerprints`, 'has no primaryLocationLineHash, so alerts may reopen');
  }
  for (const property of ['locations', 'relatedLocations', 'suppressions', 'fixes', 'taxa']) {
    if (property !== 'locations' && repeats(result[property])) bad(`${at}.${property}`, 'repeats an entry');
  }
  inspectLocations(result, at, bad, odd);
  for (const [number, fix] of list(result.fixes).entries()) {
    const changes = list(fix.artifactChanges);
    const whole = (change: Json) =>
      list(change.replacements).length > 0 && list(change.replacements).every((entry) => isObject(entry.deletedRegion));
    if (changes.length === 0 || !changes.every(whole))
      bad(`${at}.fixes[${number}]`, 'changes nothing: artifactChanges, replacements and deletedRegion are required');
  }
}

function inspectLocations(result: Json, at: string, bad: Say, odd: Say): void {
  const locations = list(result.locations);
  if (locations.length === 0) bad(`${at}.locations`, 'is missing; anchor the result to a file of the repository');
  for (const [name, entries] of [
    ['locations', locations],
    ['relatedLocations', list(result.relatedLocations)],
  ] as const) {
    if (entries.length > MAX_LOCATIONS)
      bad(`${at}.${name}`, `has ${entries.length} locations; at most ${MAX_LOCATIONS} are accepted`);
    else if (entries.length > SHOWN_LOCATIONS)
      odd(`${at}.${name}`, `has ${entries.length} locations; GitHub keeps ${SHOWN_LOCATIONS}`);
    for (const [index, location] of entries.entries()) inspectPlace(location, `${at}.${name}[${index}]`, bad, odd);
  }
  const flows = list(result.codeFlows).flatMap((flow) => list(flow.threadFlows));
  const steps = flows.flatMap((flow) => list(flow.locations));
  if (steps.length > MAX_STEPS) bad(`${at}.codeFlows`, `has ${steps.length} steps; at most ${MAX_STEPS} are accepted`);
  else if (steps.length > SHOWN_STEPS) odd(`${at}.codeFlows`, `has ${steps.length} steps; GitHub keeps ${SHOWN_STEPS}`);
  if (steps.some((step) => step.location === undefined))
    bad(`${at}.codeFlows`, 'has a step without an inline location, which hides the result');
  for (const [index, step] of steps.entries()) {
    if (step.location !== undefined) inspectPlace(object(step.location), `${at}.codeFlows step ${index + 1}`, bad, odd);
  }
}

function inspectPlace(location: Json, at: string, bad: Say, odd: Say): void {
  const { artifactLocation, region } = object(location.physicalLocation);
  const { uri } = object(artifactLocation);
  const fault = uriFault(uri);
  if (fault !== undefined) bad(`${at} uri`, fault);
  if (!isObject(region)) {
    bad(`${at} region`, 'is missing');
    return;
  }
  const { startLine, startColumn, endLine, endColumn } = region;
  for (const [name, value] of Object.entries({ startLine, startColumn, endLine, endColumn })) {
    if (value === undefined && name === 'startLine') bad(`${at} region`, 'has no startLine');
    else if (value === undefined) odd(`${at} region`, `has no ${name}`);
    else if (!Number.isInteger(value) || (value as number) < 1)
      bad(`${at} region`, `${name} must be a whole number from 1`);
  }
  const lastLine = Number(endLine ?? startLine);
  const backwards = lastLine === startLine && Number(endColumn) < Number(startColumn ?? 1);
  if (lastLine < Number(startLine) || backwards) bad(`${at} region`, 'ends before it starts');
}

/** Why GitHub cannot map a URI to a file of the repository, or undefined. */
function uriFault(uri: unknown): string | undefined {
  if (!filled(uri)) return 'is missing or empty';
  if (/^[a-z][a-z0-9+.-]*:/i.test(uri)) return 'must be relative to the repository, and a colon encoded as %3A';
  if (uri.startsWith('/')) return 'must not begin with "/"';
  if (uri.split('/').some((segment) => segment === '.' || segment === '..'))
    return 'must not contain "." or ".." as a segment';
  if (/[#?]/.test(uri)) return '"#" and "?" must be percent-encoded';
  if (/%(?![0-9a-f]{2})/i.test(uri)) return 'a literal "%" must be written %25';
  // Everything else that a URI may hold: unreserved characters, sub-delimiters, "@", ":" and "/".
  if (/[^\w.~!$&'()*+,;=:@%/-]/.test(uri))
    return 'spaces, backslashes and other special characters must be percent-encoded';
  return undefined;
}

function repeats(value: unknown): boolean {
  if (!Array.isArray(value)) return false;
  return new Set(value.map((entry) => JSON.stringify(entry))).size < value.length;
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function object(value: unknown): Json {
  return isObject(value) ? value : {};
}

function list(value: unknown): readonly Json[] {
  return Array.isArray(value) ? value.map(object) : [];
}

function filled(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function quoted(value: unknown): string {
  return JSON.stringify(value) ?? 'undefined';
}
