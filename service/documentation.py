"""The page at /docs: draws openapi.json in the browser, with nothing fetched from elsewhere."""

from __future__ import annotations

import base64
import hashlib

_STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #8882; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h2 { margin-top: 2.5rem; border-bottom: 1px solid var(--line); }
details { border: 1px solid var(--line); border-radius: .4rem; margin: .5rem 0; padding: .4rem .8rem; }
summary { cursor: pointer; } summary span { margin-left: .8rem; opacity: .8; }
code, pre { font: 14px/1.45 ui-monospace, monospace; }
pre { background: var(--soft); padding: .7rem; border-radius: .3rem; overflow: auto; max-height: 24rem; }
table { border-collapse: collapse; width: 100%; } td, th { text-align: left; vertical-align: top;
padding: .3rem .6rem; border-top: 1px solid var(--line); }
b.method { display: inline-block; width: 4.5rem; }
"""

_SCRIPT = """
const make = (tag, text, parent) => {
  const node = document.createElement(tag);
  if (text !== undefined) node.textContent = text;
  if (parent) parent.append(node);
  return node;
};
const resolve = (api, schema, depth = 0) => {
  if (Array.isArray(schema)) return schema.map(item => resolve(api, item, depth));
  if (schema === null || typeof schema !== 'object') return schema;
  if (schema.$ref) {
    const name = schema.$ref.split('/').pop();
    return depth > 5 ? name : resolve(api, api.components.schemas[name] ?? name, depth + 1);
  }
  return Object.fromEntries(Object.entries(schema)
    .filter(([key]) => key !== '$defs' && key !== 'title')
    .map(([key, value]) => [key, resolve(api, value, depth)]));
};
const kind = schema => schema.type ?? (schema.anyOf ?? []).map(kind).join(' or ');
const draw = (api, path, method, operation, parent) => {
  const box = make('details', undefined, parent);
  const head = make('summary', undefined, box);
  make('b', method.toUpperCase(), head).className = 'method';
  make('code', path, head);
  make('span', operation.summary ?? '', head);
  if (operation.description) make('p', operation.description, box);
  const parameters = operation.parameters ?? [];
  if (parameters.length) {
    const table = make('table', undefined, box);
    for (const each of parameters) {
      const row = make('tr', undefined, table);
      make('code', each.name, make('td', undefined, row));
      make('td', each.in + (each.required ? ', required' : ''), row);
      make('td', kind(each.schema ?? {}), row);
      make('td', each.description ?? each.schema?.description ?? '', row);
    }
  }
  const contents = (title, content) => {
    for (const [media, body] of Object.entries(content ?? {})) {
      make('p', `${title}: ${media}`, box);
      if (body.schema) make('pre', JSON.stringify(resolve(api, body.schema), null, 2), box);
    }
  };
  contents('Body', operation.requestBody?.content);
  for (const [status, answer] of Object.entries(operation.responses ?? {})) {
    if (/^[123]/.test(status)) {
      if (answer.content) contents(`Answer ${status}`, answer.content);
      else make('p', `Answer ${status}: ${answer.description}`, box);
    }
  }
};
fetch('openapi.json').then(answer => answer.json()).then(api => {
  make('h1', `${api.info.title} ${api.info.version}`, document.body);
  make('p', api.info.description, document.body);
  const tags = {};
  for (const [path, methods] of Object.entries(api.paths))
    for (const [method, operation] of Object.entries(methods))
      (tags[operation.tags?.[0] ?? 'Other'] ??= []).push([path, method, operation]);
  for (const [tag, operations] of Object.entries(tags)) {
    make('h2', tag, document.body);
    for (const [path, method, operation] of operations) draw(api, path, method, operation, document.body);
  }
  make('h2', 'Errors', document.body);
  make('p', 'Every error is application/problem+json (RFC 9457); switch on its code.', document.body);
  make('pre', JSON.stringify(resolve(api, { $ref: '/ProblemAnswer' }), null, 2), document.body);
});
"""


def _hash(text: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


PAGE = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>MLP service: interface</title>'
    '<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">'
    f"<style>{_STYLE}</style></head><body><script>{_SCRIPT}</script></body></html>"
)

PAGE_POLICY = (
    f"default-src 'none'; connect-src 'self'; img-src data:; style-src {_hash(_STYLE)}; script-src {_hash(_SCRIPT)}; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
