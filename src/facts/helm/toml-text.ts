/** Knows how values become TOML text as Helm's `toToml` writes it. */
import { compareText, type DictValue, type ListValue, TemplateError, type TextValue, type Value } from './value.ts';
import { originOf, Sheet } from './yaml-text.ts';

const MAX_DEPTH = 60;

/** @throws TemplateError for values that TOML has no form for */
export function toToml(value: Value): TextValue {
  const sheet = new Sheet();
  if (value.kind === 'dict') writeTable(sheet, value, []);
  else writeInline(sheet, value, 0);
  return sheet.done();
}

const isTables = (value: Value): value is ListValue =>
  value.kind === 'list' && value.items.length > 0 && value.items.every((item) => item.kind === 'dict');

/** Plain keys first, tables behind them, both sorted. */
function writeTable(sheet: Sheet, table: DictValue, path: readonly string[]): void {
  if (path.length > MAX_DEPTH) throw new TemplateError('the value is nested too deeply');
  const keys = [...table.entries.keys()].sort(compareText);
  const pad = '  '.repeat(path.length);
  for (const key of keys) {
    const value = table.entries.get(key)!;
    if (value.kind === 'nil' || value.kind === 'dict' || isTables(value)) continue;
    sheet.add(pad);
    sheet.add(`${keyText(key)} = `, originOf(value) ?? table.from);
    writeInline(sheet, value, 0);
    sheet.add('\n');
  }
  for (const key of keys) {
    const value = table.entries.get(key)!;
    const inner = [...path, keyText(key)];
    if (value.kind === 'dict') {
      const gap = path.length === 0 && !sheet.empty ? '\n' : '';
      sheet.add(`${gap}${pad}[${inner.join('.')}]\n`, originOf(value));
      writeTable(sheet, value, inner);
    } else if (isTables(value)) {
      for (const item of value.items) {
        sheet.add(`${sheet.empty ? '' : '\n'}${pad}[[${inner.join('.')}]]\n`, originOf(item));
        writeTable(sheet, item as DictValue, inner);
      }
    }
  }
}

function writeInline(sheet: Sheet, value: Value, depth: number): void {
  if (depth > MAX_DEPTH) throw new TemplateError('the value is nested too deeply');
  const from = originOf(value);
  if (value.kind === 'text') sheet.add(quoted(value.value), from);
  else if (value.kind === 'bool') sheet.add(String(value.value), from);
  else if (value.kind === 'number')
    sheet.add(value.type === 'float64' && Number.isInteger(value.value) ? `${value.value}.0` : `${value.value}`, from);
  else if (value.kind === 'list') {
    sheet.add('[');
    value.items.forEach((item, i) => {
      if (i > 0) sheet.add(', ');
      writeInline(sheet, item, depth + 1);
    });
    sheet.add(']');
  } else if (value.kind === 'dict') {
    const keys = [...value.entries.keys()].filter((key) => value.entries.get(key)!.kind !== 'nil').sort(compareText);
    sheet.add('{');
    keys.forEach((key, i) => {
      sheet.add(`${i > 0 ? ', ' : ''}${keyText(key)} = `);
      writeInline(sheet, value.entries.get(key)!, depth + 1);
    });
    sheet.add('}');
  } else throw new TemplateError('toToml: the value has no form in TOML');
}

function keyText(key: string): string {
  return /^[\w-]+$/.test(key) ? key : quoted(key);
}

/** TOML's basic strings know the same escapes as JSON. */
function quoted(value: string): string {
  return JSON.stringify(value).replaceAll('\x7f', '\\u007f');
}
