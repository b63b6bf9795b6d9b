/** Knows load balancers of Amazon and Google in Terraform that set headers of security themselves. */
import type { Facts } from '../facts.ts';
import type { Block } from '../hcl.ts';
import { argument, resourcesOf, terraformModel } from '../terraform/model.ts';
import { stringOf } from '../terraform/value.ts';
import { attributeOf } from '../terraform.ts';
import type { EdgeServer, Header, Headers } from './server.ts';

const OF_SECURITY =
  /^(?:strict-transport-security|content-security-policy|x-(?:content-type|frame)-options|referrer-policy)$/;

/** Others leave the headers to what stands behind them, as most do. */
export function balancers(facts: Facts): readonly EdgeServer[] {
  return facts.linked(terraformModel).modules.flatMap((module) => {
    const scope = module.scopes[0]!;
    const all = (type: string, title: string, headersIn: (block: Block, path: string) => [string, Header][]) =>
      resourcesOf(module, type).flatMap(({ block, path }): EdgeServer[] => {
        const headers: Headers = new Map(headersIn(block, path));
        if (![...headers.keys()].some((name) => OF_SECURITY.test(name))) return [];
        const place = { path, span: block.head };
        const plain = stringOf(argument(block, 'protocol', path, scope)) === 'HTTP' && type === 'aws_lb_listener';
        const name = `${title} ${block.labels[1] ?? ''}`;
        return [{ name, place, headers, shared: headers, parts: [], ...(plain && { plain: true as const }) }];
      });
    const google = (block: Block, path: string): [string, Header][] => {
      const list = argument(block, 'custom_response_headers', path, scope);
      const span = attributeOf(block, 'custom_response_headers')?.span ?? block.head;
      return (list?.kind === 'list' ? list.items : []).flatMap((item): [string, Header][] => {
        const [, name, value = ''] = /^\s*([\w-]+)\s*:\s*(.*)$/.exec(stringOf(item) ?? '') ?? [];
        return name === undefined ? [] : [[name.toLowerCase(), { value, always: true, place: { path, span } }]];
      });
    };
    return [
      ...all('aws_lb_listener', 'Load balancer listener', (block, path) =>
        block.attributes.flatMap(({ name, span }): [string, Header][] => {
          const header = /^routing_http_response_(\w+)_header_value$/.exec(name)?.[1]?.replaceAll('_', '-');
          if (header === undefined) return [];
          const value = stringOf(argument(block, name, path, scope));
          return [[header, { ...(value !== undefined && { value }), always: true, place: { path, span } }]];
        }),
      ),
      ...all('google_compute_backend_service', 'Backend service', google),
      ...all('google_compute_backend_bucket', 'Backend bucket', google),
    ];
  });
}
