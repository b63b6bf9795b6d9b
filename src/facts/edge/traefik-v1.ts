/** Knows how frontends of Traefik's first version say what its routers and middlewares say today. */
import type { TraefikSetting } from './embedded.ts';

/** @param key lower-case, behind the name of the frontend: `rule`, `headers.stsseconds`, `routes.web.rule` */
export function frontendSettings(frontend: string, key: string, one: Omit<TraefikSetting, 'name'>): TraefikSetting[] {
  const name = frontend.toLowerCase().replaceAll('.', '_');
  const router = (setting: string, value: string): TraefikSetting => ({
    ...one,
    name: `routers.${name}.${setting}`,
    value,
  });
  if (/^(?:routes\.[^.]+\.)?rule$/.test(key)) return [router('rule', currentRule(one.value))];
  if (key === 'entrypoints') return [router('entrypoints', one.value)];
  if (key === 'backend') return [router('service', one.value.toLowerCase())];
  if (!key.startsWith('headers.')) return [];
  const sets =
    key === 'headers.customresponseheaders' ? listed(one.value) : [[key.slice('headers.'.length), one.value]];
  return [
    ...sets.map(([setting = '', value = '']) => {
      const header = key === 'headers.customresponseheaders' ? `customresponseheaders.${setting}` : setting;
      return { ...one, name: `middlewares.frontend ${name}.headers.${header.toLowerCase()}`, value };
    }),
    router('middlewares', `frontend ${name}`),
  ];
}

/** `X-Frame-Options:DENY||Referrer-Policy:same-origin` as pairs. */
export function listed(text: string): string[][] {
  return text.split('||').map((part) => {
    const colon = part.indexOf(':');
    return colon < 0 ? [part.trim(), ''] : [part.slice(0, colon).trim(), part.slice(colon + 1).trim()];
  });
}

/** `Host:a.example,b.example;PathPrefix:/api` as it is written today. */
function currentRule(rule: string): string {
  return rule
    .split(';')
    .map((part) => {
      const [, matcher, values] = /^\s*(\w+)\s*:(.*)$/s.exec(part) ?? [];
      if (matcher === undefined || values === undefined) return part;
      const all = values.split(',').map((value) => `\`${value.trim()}\``);
      return `${matcher.replace(/Strip(?:Regex)?$/, '')}(${all.join(', ')})`;
    })
    .join(' && ');
}
