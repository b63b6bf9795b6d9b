/** Knows Azure Front Door, CDN endpoints and Application Gateways in Terraform, with the rules that set headers. */
import type { Facts } from '../facts.ts';
import type { Body } from '../hcl.ts';
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
import { type EdgeServer, type Header, type Headers, merged, NO_HEADERS } from './server.ts';

export function azureServers(facts: Facts): readonly EdgeServer[] {
  return facts.linked(terraformModel).modules.flatMap((module) => {
    const scope = module.scopes[0]!;
    return [
      ...resourcesOf(module, 'azurerm_cdn_frontdoor_route').map((route) => frontDoor(route, module, scope)),
      ...resourcesOf(module, 'azurerm_cdn_endpoint').map(({ block, path }) => {
        const global = blocksOf(block, 'global_delivery_rule');
        const all = blocksOf(block, 'delivery_rule').filter((rule) => !isConditional(rule));
        const actions = [...global, ...all].flatMap((rule) => blocksOf(rule, 'modify_response_header_action'));
        return serverOf(
          `Azure CDN endpoint ${block.labels[1] ?? ''}`,
          { block, path },
          actionHeaders(actions, path, scope),
        );
      }),
      ...resourcesOf(module, 'azurerm_application_gateway').flatMap((gateway) => gatewayRules(gateway, scope)),
    ];
  });
}

function serverOf(name: string, { block, path }: LocatedBlock, headers: Headers, unknown?: string): EdgeServer {
  const place = { path, span: block.head };
  return { name, place, headers, shared: headers, parts: [], ...(unknown !== undefined && { unknown }) };
}

/** Conditions of CDN and Front Door rules are blocks of their own, or stand in a block of them. */
function isConditional(rule: Body): boolean {
  return rule.blocks.some(({ type }) => /_condition$|^conditions?$/.test(type));
}

/** Headers that actions set or append. */
function actionHeaders(actions: readonly Body[], path: string, scope: ModuleScope): Headers {
  return new Map(
    actions.flatMap((one): [string, Header][] => {
      const text = (...names: string[]) =>
        names.map((name) => stringOf(argument(one, name, path, scope))).find((value) => value !== undefined);
      const name = text('header_name', 'name');
      const value = text('value', 'header_value');
      if (name === undefined || text('header_action', 'action') === 'Delete' || value === '') return [];
      const span = attributeOf(one, 'value')?.span ?? attributeOf(one, 'header_value')?.span ?? { start: 0, end: 0 };
      return [[name.toLowerCase(), { ...(value !== undefined && { value }), always: true, place: { path, span } }]];
    }),
  );
}

/** A route with the unconditional rules of its rule sets. */
function frontDoor(route: LocatedBlock, module: TerraformModule, scope: ModuleScope): EdgeServer {
  const name = `Front Door route ${route.block.labels[1] ?? ''}`;
  const attribute = attributeOf(route.block, 'cdn_frontdoor_rule_set_ids');
  const sets = attribute ? traversalsIn(attribute.value).flatMap((steps) => steps[1] ?? []) : [];
  const known = resourcesOf(module, 'azurerm_cdn_frontdoor_rule_set').map(({ block }) => block.labels[1]);
  const rules = resourcesOf(module, 'azurerm_cdn_frontdoor_rule').filter(({ block }) => {
    const set = attributeOf(block, 'cdn_frontdoor_rule_set_id');
    return set !== undefined && traversalsIn(set.value).some((steps) => sets.includes(steps[1] ?? ''));
  });
  const headers = merged(
    NO_HEADERS,
    ...rules
      .filter(({ block }) => !isConditional(block))
      .map(({ block, path }) =>
        actionHeaders(
          blocksOf(block, 'actions').flatMap((actions) => blocksOf(actions, 'response_header_action')),
          path,
          scope,
        ),
      ),
  );
  const hidden = attribute !== undefined && (sets.length === 0 || !sets.every((set) => known.includes(set)));
  const computed = rules.some(({ block }) => blocksOf(block, 'dynamic').length > 0);
  const unknown = hidden || computed ? 'its rule sets are not all in this module' : undefined;
  return serverOf(name, route, headers, unknown);
}

/** Each routing rule of a gateway that does not only redirect. */
function gatewayRules({ block, path }: LocatedBlock, scope: ModuleScope): EdgeServer[] {
  const text = (body: Body, name: string) => stringOf(argument(body, name, path, scope));
  const sets = new Map(blocksOf(block, 'rewrite_rule_set').map((set) => [text(set, 'name'), set]));
  const listeners = blocksOf(block, 'http_listener').filter((one) => text(one, 'protocol')?.toLowerCase() === 'http');
  const plain = new Set(listeners.map((one) => text(one, 'name') ?? ''));
  const dynamic = blocksOf(block, 'dynamic').some(({ labels }) => /^rewrite_rule_set$/.test(labels[0] ?? ''));
  const maps = new Map(blocksOf(block, 'url_path_map').map((map) => [text(map, 'name'), map]));
  return blocksOf(block, 'request_routing_rule').flatMap((rule): EdgeServer[] => {
    if (attributeOf(rule, 'redirect_configuration_name')) return [];
    const map = maps.get(text(rule, 'url_path_map_name'));
    const chosen = map ? attributeOf(map, 'default_rewrite_rule_set_name') : attributeOf(rule, 'rewrite_rule_set_name');
    const name = map ? text(map, 'default_rewrite_rule_set_name') : text(rule, 'rewrite_rule_set_name');
    const set = name === undefined ? undefined : sets.get(name);
    const rules = set ? blocksOf(set, 'rewrite_rule').filter((one) => !isConditional(one)) : [];
    const headers = actionHeaders(
      rules.flatMap((one) => blocksOf(one, 'response_header_configuration')),
      path,
      scope,
    );
    const unknown = chosen && (!set || dynamic) ? 'its rewrite rules cannot be told' : undefined;
    const title = `Application Gateway rule ${text(rule, 'name') ?? block.labels[1] ?? ''}`;
    const server = serverOf(title, { block: rule, path }, headers, unknown);
    return [plain.has(text(rule, 'http_listener_name') ?? '-') ? { ...server, plain: true } : server];
  });
}
