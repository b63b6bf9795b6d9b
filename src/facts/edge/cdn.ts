/** Knows CloudFront distributions and the response headers policies that are attached to them. */
import { resolved, type Template } from '../cloudformation.ts';
import type { Facts } from '../facts.ts';
import type { Body } from '../hcl.ts';
import type { Place } from '../span.ts';
import {
  argument,
  type LocatedBlock,
  type ModuleScope,
  resourcesOf,
  type TerraformModule,
  terraformModel,
} from '../terraform/model.ts';
import { stringOf, traversalsIn } from '../terraform/value.ts';
import { attributeOf, blocksOf } from '../terraform.ts';
import { at, entryOf, itemsOf, textOf, type YamlNode } from '../yaml.ts';
import { type EdgeServer, type Header, type Headers, type Limit, NO_HEADERS } from './server.ts';

export function cdnServers(facts: Facts): readonly EdgeServer[] {
  return [...fromTerraform(facts), ...fromTemplates(facts)];
}

/** What Amazon's own policies send, by id. */
const MANAGED: Readonly<Record<string, readonly (readonly [string, string])[]>> = (() => {
  const security = [
    ['strict-transport-security', 'max-age=31536000'],
    ['x-content-type-options', 'nosniff'],
    ['x-frame-options', 'SAMEORIGIN'],
    ['referrer-policy', 'strict-origin-when-cross-origin'],
  ] as const;
  return {
    '67f7725c-6f97-4210-82d7-5512b31e9d03': security,
    'e61eb60c-9c35-4d20-a928-2b84e02af89c': security,
    'eaab4381-ed33-4a86-88ca-d9558dc6cd63': security,
    '60669652-455b-4ae9-85a4-c4c02393f86c': [],
    '5cc3b908-e619-4b99-88e5-2cf7f45965bd': [],
  };
})();
const MANAGED_NAME = /^Managed-.*SecurityHeaders/;

function managed(id: string, place: Place): Headers | undefined {
  const headers = MANAGED[id];
  return headers && new Map(headers.map(([name, value]) => [name, { value, always: true, place }]));
}

interface Policy {
  readonly headers: Headers;
  readonly unknown?: string;
}

function fromTerraform(facts: Facts): readonly EdgeServer[] {
  const servers: EdgeServer[] = [];
  for (const module of facts.linked(terraformModel).modules) {
    const scope = module.scopes[0]!;
    for (const { block, path } of resourcesOf(module, 'aws_cloudfront_distribution')) {
      const behaviour = blocksOf(block, 'default_cache_behavior')[0];
      if (!behaviour) continue;
      const name = `CloudFront distribution ${block.labels[1] ?? ''}`;
      const { headers, unknown } = policyOf(behaviour, path, module, scope);
      const parts = blocksOf(block, 'ordered_cache_behavior').flatMap((one) => {
        const own = policyOf(one, path, module, scope);
        const label = `behaviour ${stringOf(argument(one, 'path_pattern', path, scope)) ?? ''}`;
        return own.unknown === undefined ? [{ label, place: { path, span: one.head }, headers: own.headers }] : [];
      });
      const place = { path, span: block.head };
      const limits = firewallLimits(block, module, scope);
      const upstreams = blocksOf(block, 'origin').flatMap((origin) => {
        const domain = stringOf(argument(origin, 'domain_name', path, scope));
        return domain === undefined ? [] : [domain.toLowerCase()];
      });
      const routes = [{ path: '/', inner: '/', upstreams, place, headers, limits }];
      servers.push({ name, place, headers, shared: headers, parts, routes, ...(unknown !== undefined && { unknown }) });
    }
  }
  return servers;
}

/** Rate rules of the firewall that the distribution names. */
function firewallLimits(block: Body, module: TerraformModule, scope: ModuleScope): Limit[] {
  const attribute = attributeOf(block, 'web_acl_id');
  const names = attribute ? traversalsIn(attribute.value).map((steps) => steps[1]) : [];
  return resourcesOf(module, 'aws_wafv2_web_acl')
    .filter((acl) => names.includes(acl.block.labels[1]))
    .flatMap((acl) =>
      blocksOf(acl.block, 'rule').flatMap((rule) =>
        blocksOf(rule, 'statement').flatMap((statement) =>
          blocksOf(statement, 'rate_based_statement').map((rate): Limit => {
            const count = Number(stringOf(argument(rate, 'limit', acl.path, scope)));
            const seconds = Number(stringOf(argument(rate, 'evaluation_window_sec', acl.path, scope)) ?? 300);
            const perMinute = count > 0 && seconds > 0 ? (count * 60) / seconds : undefined;
            const place = { path: acl.path, span: rate.head };
            return { name: 'rate rule of the firewall', ...(perMinute !== undefined && { perMinute }), place };
          }),
        ),
      ),
    );
}

function policyOf(behaviour: Body, path: string, module: TerraformModule, scope: ModuleScope): Policy {
  const attribute = attributeOf(behaviour, 'response_headers_policy_id');
  const place = { path, span: attribute?.span ?? { start: 0, end: 0 } };
  const functions = [
    ...blocksOf(behaviour, 'lambda_function_association'),
    ...blocksOf(behaviour, 'function_association'),
  ].filter((one) => !/-request$/.test(stringOf(argument(one, 'event_type', path, scope)) ?? '')).length;
  if (!attribute) {
    return functions > 0
      ? { headers: NO_HEADERS, unknown: 'a function at the edge may set the headers' }
      : { headers: NO_HEADERS };
  }
  const id = stringOf(argument(behaviour, 'response_headers_policy_id', path, scope));
  const known = id === undefined ? undefined : managed(id, place);
  if (known) return { headers: known };
  for (const names of traversalsIn(attribute.value)) {
    const [first, second, third] = names;
    const policy =
      first === 'aws_cloudfront_response_headers_policy' &&
      resourcesOf(module, first).find(({ block }) => block.labels[1] === second);
    if (policy) return { headers: policyHeaders(policy, scope) };
    const data =
      first === 'data' &&
      module.blocks.find(
        ({ block }) => block.type === 'data' && block.labels[0] === second && block.labels[1] === third,
      );
    const name = data ? stringOf(argument(data.block, 'name', data.path, scope)) : undefined;
    if (name !== undefined && MANAGED_NAME.test(name))
      return { headers: managed('67f7725c-6f97-4210-82d7-5512b31e9d03', place)! };
  }
  return { headers: NO_HEADERS, unknown: 'its response headers policy is not known' };
}

function policyHeaders({ block, path }: LocatedBlock, scope: ModuleScope): Headers {
  const headers = new Map<string, Header>();
  const config = blocksOf(block, 'security_headers_config')[0];
  const inner = (type: string) => config && blocksOf(config, type)[0];
  const add = (name: string, one: Body | undefined, key: string, value: (text: string) => string) => {
    if (!one) return;
    const text = stringOf(argument(one, key, path, scope));
    const place = { path, span: attributeOf(one, key)?.span ?? block.head };
    headers.set(name, { ...(text !== undefined && { value: value(text) }), always: true, place });
  };
  const same = (text: string) => text;
  add(
    'strict-transport-security',
    inner('strict_transport_security'),
    'access_control_max_age_sec',
    (text) => `max-age=${text}`,
  );
  add('content-security-policy', inner('content_security_policy'), 'content_security_policy', same);
  add('x-content-type-options', inner('content_type_options'), 'override', () => 'nosniff');
  add('x-frame-options', inner('frame_options'), 'frame_option', same);
  add('referrer-policy', inner('referrer_policy'), 'referrer_policy', same);
  for (const custom of blocksOf(block, 'custom_headers_config')) {
    for (const item of blocksOf(custom, 'items')) {
      const name = stringOf(argument(item, 'header', path, scope));
      if (name !== undefined) add(name.toLowerCase(), item, 'value', same);
    }
  }
  return headers;
}

function fromTemplates(facts: Facts): readonly EdgeServer[] {
  return facts.of('cloudformation').flatMap(({ path, data }) =>
    data.resources.flatMap((resource): EdgeServer[] => {
      if (resource.type !== 'AWS::CloudFront::Distribution') return [];
      const config = at(resource.properties, 'DistributionConfig');
      const name = `CloudFront distribution ${resource.name}`;
      const { headers, unknown } = templatePolicy(at(config, 'DefaultCacheBehavior'), path, data);
      const parts = itemsOf(at(config, 'CacheBehaviors')).flatMap((one) => {
        const own = templatePolicy(one, path, data);
        const label = `behaviour ${textOf(at(one, 'PathPattern')) ?? ''}`;
        return own.unknown === undefined ? [{ label, place: { path, span: one.span }, headers: own.headers }] : [];
      });
      const place = { path, span: resource.span };
      return [{ name, place, headers, shared: headers, parts, ...(unknown !== undefined && { unknown }) }];
    }),
  );
}

function templatePolicy(behaviour: YamlNode | undefined, path: string, data: Template): Policy {
  const entry = entryOf(behaviour, 'ResponseHeadersPolicyId');
  if (!entry) {
    const functions = [
      ...itemsOf(at(behaviour, 'LambdaFunctionAssociations')),
      ...itemsOf(at(behaviour, 'FunctionAssociations')),
    ].filter((one) => !/-request$/.test(textOf(at(one, 'EventType')) ?? '')).length;
    return {
      headers: NO_HEADERS,
      ...(functions > 0 && { unknown: 'a function at the edge may set the headers' }),
    };
  }
  const target = referenceOf(entry.value);
  const policy = data.resources.find(
    (one) => one.name === target && one.type === 'AWS::CloudFront::ResponseHeadersPolicy',
  );
  if (policy) return { headers: templateHeaders(path, policy.properties) };
  const id = textOf(resolved(data, entry.value));
  const headers = id === undefined ? undefined : managed(id, { path, span: entry.span });
  return headers ? { headers } : { headers: NO_HEADERS, unknown: 'its response headers policy is not known' };
}

function referenceOf(node: YamlNode): string | undefined {
  if (node.tag === '!Ref') return textOf(node);
  if (node.tag === '!GetAtt') return (textOf(node) ?? textOf(itemsOf(node)[0]))?.split('.')[0];
  const text = textOf(at(node, 'Ref'));
  if (text !== undefined) return text;
  const attribute = at(node, 'Fn::GetAtt');
  return (textOf(attribute) ?? textOf(itemsOf(attribute)[0]))?.split('.')[0];
}

function templateHeaders(path: string, properties: YamlNode | undefined): Headers {
  const headers = new Map<string, Header>();
  const config = at(properties, 'ResponseHeadersPolicyConfig', 'SecurityHeadersConfig');
  const add = (name: string, type: string, key: string, value: (text: string) => string) => {
    const entry = entryOf(config, type);
    if (!entry) return;
    const text = textOf(at(entry.value, key));
    headers.set(name, {
      ...(text !== undefined && { value: value(text) }),
      always: true,
      place: { path, span: entry.span },
    });
  };
  const same = (text: string) => text;
  add('strict-transport-security', 'StrictTransportSecurity', 'AccessControlMaxAgeSec', (text) => `max-age=${text}`);
  add('content-security-policy', 'ContentSecurityPolicy', 'ContentSecurityPolicy', same);
  add('x-content-type-options', 'ContentTypeOptions', 'Override', () => 'nosniff');
  add('x-frame-options', 'FrameOptions', 'FrameOption', same);
  add('referrer-policy', 'ReferrerPolicy', 'ReferrerPolicy', same);
  for (const item of itemsOf(at(properties, 'ResponseHeadersPolicyConfig', 'CustomHeadersConfig', 'Items'))) {
    const name = textOf(at(item, 'Header'));
    if (name !== undefined) {
      const value = textOf(at(item, 'Value'));
      headers.set(name.toLowerCase(), {
        ...(value !== undefined && { value }),
        always: true,
        place: { path, span: item.span },
      });
    }
  }
  return headers;
}
