/** Knows the secrets that stand in the command line of a container: `--requirepass word`, `PGPASSWORD=word psql`. */
import { textOf, type YamlNode } from '../yaml.ts';
import { type Exposed, exposedBy, type JudgeOptions, looksDrawn, secretName } from './values.ts';

/** Options of databases whose names do not say it. */
const PASSWORDS = /^(?:requirepass|masterauth)$/i;

/** Secrets in the words of a command, or in a text that holds several of them. */
export function exposedInWords(
  node: YamlNode | undefined,
  options: JudgeOptions = {},
): { readonly node: YamlNode; readonly exposed: Exposed }[] {
  const items = node?.kind === 'list' ? node.items : node ? [node] : [];
  const words = items.flatMap((item) => {
    const text = item.rendered?.unknown === undefined ? (textOf(item) ?? '') : '';
    const parts = /\s/.test(text.trim()) ? text.slice(0, 20_000).split(/\s+/) : [text];
    return parts.map((part) => ({ node: item, text: part.replace(/^(["'])(.*)\1[;)]?$/s, '$2') }));
  });
  return words.flatMap(({ node, text }, i) => {
    const [, option, joined] = /^(?:--?)?([A-Za-z][\w.-]*)(?:=(.*))?$/s.exec(text) ?? [];
    const next = text.startsWith('-') && !/^[-<>|&;]/.test(words[i + 1]?.text ?? '') ? words[i + 1] : undefined;
    // A quote opens a text that goes on in the next word: `X="$(cat file)"`.
    const value = (joined ?? next?.text ?? '').replace(/^["']|["']$/g, '');
    const exposed =
      (option === undefined ? undefined : named(option, value, options)) ?? exposedBy('argument', text, options);
    const whole = exposed?.certain || exposed?.kind === 'connection string' || exposed?.name === option;
    return exposed && whole ? [{ node, exposed }] : [];
  });
}

/** Other options than those of passwords also take the names of secrets. */
function named(option: string, value: string, options: JudgeOptions): Exposed | undefined {
  const name = PASSWORDS.test(option) ? 'password' : option;
  if (value === '' || !(secretName(name) === 'password' || looksDrawn(value))) return undefined;
  const exposed = exposedBy(name, value, options);
  return exposed && { ...exposed, name: option };
}
