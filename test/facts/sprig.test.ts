/** Knows what the functions of Helm's templates give: every line was seen to hold with Helm itself. */
import { describe, expect, test } from '@jest/globals';
import { parseTemplate } from '../../src/facts/gotemplate.ts';
import { Engine } from '../../src/facts/helm/evaluate.ts';
import { compile } from '../../src/facts/helm/regex.ts';
import { Budget, TemplateError, type Value } from '../../src/facts/helm/value.ts';
import { fromNode } from '../../src/facts/helm/yaml-text.ts';
import { helmFunctions } from '../../src/facts/sprig.ts';
import { yamlReader } from '../../src/facts/yaml.ts';
import fc from '../property.ts';

const read = yamlReader();
const functions = helmFunctions(read);

function render(source: string, values = 'n: null', lenient = false): string {
  const { file, problems } = parseTemplate(source);
  if (!file) throw new Error(problems[0]!.message);
  const templates = new Map([['main', { name: 'main', path: 't.yaml', nodes: file.nodes }]]);
  for (const define of file.defines)
    templates.set(define.name, { name: define.name, path: 't.yaml', nodes: define.nodes });
  const engine = new Engine(templates, functions, new Budget(300_000, 3_000_000), lenient);
  const data: Value = fromNode(read(values).documents[0]!.root, () => undefined);
  return engine.render('main', data).value;
}

describe('language', () => {
  test.each([
    ['{{ .a.b }}', 'a: {b: 1}', '1'],
    ['{{ .none }}|{{ (.none).deep }}', 'a: 1', '|'],
    ['{{ if and .a (not .b) }}yes{{ else }}no{{ end }}', 'a: 1\nb: ""', 'yes'],
    ['{{ range $k, $v := .m }}{{ $k }}={{ $v }};{{ end }}', 'm: {b: 2, a: 1}', 'a=1;b=2;'],
    [
      '{{ range .l }}{{ if eq . "b" }}{{ continue }}{{ end }}{{ . }}{{ if eq . "c" }}{{ break }}{{ end }}{{ end }}',
      'l: [a, b, c, d]',
      'ac',
    ],
    ['{{ range .l }}x{{ else }}none{{ end }}', 'l: []', 'none'],
    ['{{ range 3 }}{{ . }}{{ end }}', 'a: 1', '012'],
    ['{{ $x := 1 }}{{ if true }}{{ $x = 2 }}{{ $y := 3 }}{{ end }}{{ $x }}', 'a: 1', '2'],
    ['{{ with .a }}{{ .b }}{{ $.c }}{{ end }}', 'a: {b: 1}\nc: 2', '12'],
    ['{{ define "x" }}[{{ . }}]{{ end }}{{ template "x" .a }}{{ include "x" .a | upper }}', 'a: b', '[b][B]'],
    ['{{ tpl "{{ .a }}-{{ .b }}" . }}', 'a: 1\nb: 2', '1-2'],
    ['{{ index .l 1 }}{{ index .m "k" "j" }}', 'l: [a, b]\nm: {k: {j: 1}}', 'b1'],
    [
      '{{ 12345678 }} {{ .big }} {{ int .big }} {{ .big | toYaml }} {{ .f }}',
      'big: 12345678\nf: 1.5',
      '12345678 1.2345678e+07 12345678 12345678 1.5',
    ],
    ['{{ print 1 2 "a" "b" 3 nil }}', 'a: 1', '1 2ab3 <nil>'],
    ['{{ .m }} {{ .l }}', 'm: {b: {c: 1}, a: x}\nl: [1, a]', 'map[a:x b:map[c:1]] [1 a]'],
    ['{{ eq .a "x" "q" }}{{ ne .a "x" }}{{ lt 1 2 }}{{ ge 2.0 1.5 }}{{ eq nil nil }}', 'a: q', 'truetruetruetruetrue'],
    ['{{ or .none "a" }}{{ and "a" .none "b" }}', 'a: 1', 'a'],
    ['{{ len .l }}{{ len "abc" }}', 'l: [1, 2]', '23'],
    ['{{ toJson . }}', 'on: 1\n"off": 2\n0644: 3\n1.50: 4\nk: !!str 5', '{"1.5":4,"420":3,"k":"5","off":2,"true":1}'],
    ['{{ printf "%s %q" .l .m }}', 'l: [a, 1, null]\nm: {k: v}', '[a %!s(float64=1) <nil>] map["k":"v"]'],
    ['{{ dig "a" "b" "d" (dict "a" (dict "b" nil)) }}|{{ dig "x" "d" (dict) }}', 'a: 1', '|d'],
    [
      '{{ merge (dict) (dict "a" nil) | toJson }}{{ mergeOverwrite (dict) (dict "a" nil) | toJson }}',
      'a: 1',
      '{}{"a":null}',
    ],
    ['[{{ join "," .none }}]', 'a: 1', '[]'],
    ['{{ hasKey (fromJson "[1]") "Error" }} {{ len (fromJsonArray "{}") }}', 'a: 1', 'true 1'],
    ['{{ toYamlPretty (dict "a" (list 1 (dict "b" 2))) }}', 'a: 1', 'a:\n  - 1\n  - b: 2'],
    [
      '{{ untitle "ABC Def" }} {{ snakecase "Server2 http2xx" }} {{ camelcase "_a-b.c" }}',
      'a: 1',
      'aBC def server2_http_2xx _AB.c',
    ],
    ['{{ divf 10 3 }} {{ divf 0.3 0.1 }} {{ addf 0.1 0.2 }} {{ dir "a/" }}', 'a: 1', '3.3333333333333335 3 0.3 a'],
    ['{{ (now).Format "2006" | len | lt 0 }}', 'a: 1', 'true'],
    ['{{ printf "%[2]s-%[1]s" "a" "b" }}', 'a: 1', 'b-a'],
    ['{{ printf "%#x|%e|%.2q" 255 1.5 "hello" }}', 'a: 1', '0xff|1.500000e+00|"he"'],
  ])('%s', (source, values, expected) => {
    expect(render(source, values)).toBe(expected);
  });

  test.each([
    ['{{ .a.b.c }}', 'a: {}', /nil pointer evaluating/],
    ['{{ .a.b }}', 'a: text', /can't evaluate field b/],
    ['{{ nothing }}', 'a: 1', /function "nothing" is not defined/],
    ['{{ include "none" . }}', 'a: 1', /template "none" is not defined/],
    ['{{ eq 1 1.0 }}', 'a: 1', /incompatible types/],
    ['{{ required "set a" .none }}', 'a: 1', /^set a$/],
    ['{{ fail "stop" }}', 'a: 1', /^stop$/],
    ['{{ trunc 3 .a }}', 'a: 1', /expected string; got float64/],
    ['{{ range . }}{{ end }}', '1', /range cannot iterate/],
    ['{{ $x }}', 'a: 1', /undefined variable/],
    ['{{ define "x" }}{{ include "x" . }}{{ end }}{{ include "x" . }}', 'a: 1', /too deeply|too many steps/],
    ['{{ range until 9999 }}{{ range until 9999 }}{{ end }}{{ end }}', 'a: 1', /too many steps/],
    ['{{ repeat 99999 "abcdefghij" }}', 'a: 1', /out of range/],
  ])('%s fails', (source, values, expected) => {
    expect(() => render(source, values)).toThrow(expected);
  });

  test('leniently, what fails is passed over', () => {
    expect(render('a: {{ required "m" .x }}\nb: {{ .x.y.z }}\n{{ fail "no" }}c: 1', 'x: {}', true)).toBe(
      'a: {}\nb: unknown\nc: 1'.replace('{}', 'map[]'),
    );
  });
});

describe('functions', () => {
  test.each([
    [
      'toJson (merge (dict "a" "" "b" false "f" "x" "g" (dict "x" "" "y" 1)) (dict "a" "A" "b" true "f" "y" "g" (dict "x" "X" "y" 2 "z" 3)))',
      '{"a":"A","b":true,"f":"x","g":{"x":"X","y":1,"z":3}}',
    ],
    [
      'toJson (mergeOverwrite (dict "a" "A" "d" (dict "z" 1) "l" (list 1) "n" "s") (dict "a" "" "d" (dict) "l" (list) "n" (dict "u" 1)))',
      '{"a":"","d":{"z":1},"l":[],"n":{"u":1}}',
    ],
    ['list 1 "a" 1.5 nil true | join ","', '1,a,1.5,true'],
    ['dig "a" "b" "def" (dict "a" (dict))', 'def'],
    ['"abc" | trunc -2', 'bc'],
    ['"Hello World-foo_bar" | snakecase', 'hello_world_foo_bar'],
    ['"HelloWorld" | kebabcase', 'hello-world'],
    ['"hello world" | camelcase', 'HelloWorld'],
    ['title "foo bar-baz"', 'Foo Bar-Baz'],
    ['"a,b,c" | splitn "," 2 | toJson', '{"_0":"a","_1":"b,c"}'],
    ['"a-b" | split "-" | toJson', '{"_0":"a","_1":"b"}'],
    ['initials "foo bar"', 'fb'],
    ['abbrev 5 "hello world"', 'he...'],
    ['substr 1 3 "hello"', 'el'],
    ['wrap 5 "aa bb cc dd" | quote', '"aa bb\\ncc dd"'],
    ['cat 1 "a" nil', '1 a'],
    ['kindOf 1 | print (kindOf 1.0) (kindOf nil) (typeOf (dict))', 'float64invalidmap[string]interface {}int'],
    ['(semver "v1.2").Minor', '2'],
    ['semver "1.2.3-alpha+b1" | toString', '1.2.3-alpha+b1'],
    ['semverCompare ">=1.19-0" "v1.34.0"', 'true'],
    ['semverCompare "^1.2.0 || ~3.1" "3.1.9"', 'true'],
    ['semverCompare "<1.0.0" "1.0.0-beta"', 'false'],
    ['round 3.567 2', '3.57'],
    ['div 7 2', '3'],
    ['add 1 "2" 3.7', '6'],
    ['int "08"', '0'],
    ['int "0x1f"', '31'],
    ['toDecimal 777', '511'],
    ['seq 3', '1 2 3'],
    ['regexReplaceAll "a(x*)b" "-ab-axxb-" "${1}W"', '-W-xxW-'],
    ['regexReplaceAll "a(x*)b" "-ab-axxb-" "$1W"', '---'],
    ['regexSplit "z+" "pizza" -1', '[pi a]'],
    ['regexFind "[a-z]+" "123abc"', 'abc'],
    ['sha256sum "a"', 'ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb'],
    ['adler32sum "abc"', '38600999'],
    ['"%zz" | b64dec', 'illegal base64 data at input byte 0'],
    ['toJson "<a>&"', '"\\u003ca\\u003e\\u0026"'],
    ['toRawJson "<a>&"', '"<a>&"'],
    ['ternary "a" "b" true', 'a'],
    ['coalesce nil "" 0 "x"', 'x'],
    ['has 1.0 (list 1 2)', 'false'],
    ['without (list 1 2 3) 2', '[1 3]'],
    ['chunk 2 (list 1 2 3) | toJson', '[[1,2],[3]]'],
    ['sortAlpha (list "b" "a" 3)', '[3 a b]'],
    [
      'urlParse "http://u:p@h.com:80/p?q=1#f" | toJson',
      '{"fragment":"f","host":"h.com:80","hostname":"h.com","opaque":"","path":"/p","query":"q=1","scheme":"http","userinfo":"u:p"}',
    ],
    ['printf "%5.2f|%-5s|%05d|%x|%q|%t" 3.14159 "ab" 42 "hi" "a" true', ' 3.14|ab   |00042|6869|"a"|true'],
    ['printf "%d %s" 1.5', '%!d(float64=1.5) %!s(MISSING)'],
    ['fromYaml "a: yes\\nb: 0x10" | toJson', '{"a":true,"b":16}'],
    ['(fromYaml "a: [").Error | empty', 'false'],
    ['"x" | indent 2', '  x'],
    ['lookup "v1" "Secret" "" "" | empty', 'true'],
    ['default "d" 0', 'd'],
    ['pick (dict "a" 1 "b" 2) "a" | toJson', '{"a":1}'],
    ['omit (dict "a" 1 "b" 2) "a" | toJson', '{"b":2}'],
    ['keys (dict "b" 1 "a" 2) | sortAlpha', '[a b]'],
  ])('%s', (call, expected) => {
    expect(render(`{{ ${call} }}`)).toBe(expected);
  });

  test('toToml writes as Helm does', () => {
    const values = `s: "x\\"y\\tz"\nn: null\nl: [1, a]\n"k k": 2\nb:\n  c: x\n  arr: [{q: 1, m: {o: true}}, {q: 1.5}]\n  d: {z: {}}\nmixed: [[1], {i: 2}]\n`;
    expect(render('{{ toToml . }}', values)).toBe(
      '"k k" = 2.0\nl = [1.0, "a"]\nmixed = [[1.0], {i = 2.0}]\ns = "x\\"y\\tz"\n\n[b]\n  c = "x"\n\n  [[b.arr]]\n    q = 1.0\n    [b.arr.m]\n      o = true\n\n  [[b.arr]]\n    q = 1.5\n  [b.d]\n    [b.d.z]\n',
    );
    expect(render('{{ toToml (dict "a" 1 "f" 2.0) }}')).toBe('a = 1\nf = 2.0\n');
    expect(render('{{ toToml (list 1 2) }}')).toBe('[1, 2]');
  });

  test('toYaml writes as Helm does', () => {
    const values = [
      'a: "yes"',
      'b: "1"',
      "d: 'a: b'",
      'f: "x\\ny"',
      'g: "x\\ny\\n"',
      "h: ' lead'",
      '"n": "2020-01-01"',
      'o: "12:30:00"',
      "p: it's",
      'q: \'"quoted"\'',
      'r: "tab\\there"',
      '"y": ""',
      'lst: [{a: 1, b: [1]}, [3, [4]], s]',
      'e: {}',
      'z: null',
      'a10: 1',
      'a9: 2',
      'B: 3',
    ].join('\n');
    expect(render('{{ toYaml . }}', values)).toBe(
      [
        'B: 3',
        'a: "yes"',
        'a9: 2',
        'a10: 1',
        'b: "1"',
        "d: 'a: b'",
        'e: {}',
        'f: |-',
        '  x',
        '  y',
        'g: |',
        '  x',
        '  y',
        '',
        "h: ' lead'",
        'lst:',
        '- a: 1',
        '  b:',
        '  - 1',
        '- - 3',
        '  - - 4',
        '- s',
        '"n": "2020-01-01"',
        'o: "12:30:00"',
        "p: it's",
        'q: \'"quoted"\'',
        'r: "tab\\there"',
        '"y": ""',
        'z: null',
      ]
        .filter((line) => line !== '')
        .join('\n'),
    );
  });

  test('changing a map in place cannot make it endless', () => {
    expect(
      render('{{ $d := dict }}{{ $_ := set $d "a" $d }}{{ $_ := set $d "b" (dict "c" $d) }}{{ toJson $d | len }}'),
    ).toMatch(/^\d+$/);
  });
});

describe('regular expressions', () => {
  test.each([
    ['(a|ab)(c|bcd)(d*)', 'abcd', [[0, 4, 0, 1, 1, 4, 4, 4]]],
    [
      'x*',
      'axb',
      [
        [0, 0],
        [1, 2],
        [3, 3],
      ],
    ],
    ['(?i)HELLO', 'say hello', [[4, 9]]],
    [
      '(?m)^a.*$',
      'ab\nac\nd',
      [
        [0, 2],
        [3, 5],
      ],
    ],
    ['[[:alpha:]]+\\d{2,3}?', 'ab1234', [[0, 4]]],
    ['^([a-z0-9]([-a-z0-9]*[a-z0-9])?)(\\.[a-z]+)*$', 'a-b.c', [[0, 5, 0, 3, 1, 3, 3, 5]]],
  ])('%s', (pattern, text, expected) => {
    expect(compile(pattern).matches(text)).toEqual(expected);
  });

  test('work is limited', () => {
    expect(() => compile('(a+)+b').matches('a'.repeat(60))).toThrow(TemplateError);
  });
});

test('nothing but a template error is thrown', () => {
  const names = [...functions.keys()];
  const operand = fc.constantFrom(
    '.',
    '.a',
    '.l',
    '.m',
    '"x"',
    '"a: b"',
    '1',
    '-1',
    '2.5',
    'nil',
    'true',
    '(list 1 "a")',
    '(dict "k" .m)',
    '"[a-z]+"',
    '""',
  );
  fc.assert(
    fc.property(fc.constantFrom(...names), fc.array(operand, { maxLength: 4 }), (name, operands) => {
      try {
        render(`{{ ${name} ${operands.join(' ')} | toString }}`, 'a: text\nl: [1, b]\nm: {k: v, n: {o: 1}}');
      } catch (error) {
        expect(error).toBeInstanceOf(TemplateError);
      }
    }),
    { numRuns: 3000 },
  );
});
