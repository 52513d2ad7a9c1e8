import { send } from '../http.ts';
import type { Product } from '../harness.ts';

export interface Readiness {
  readonly status: number;
  readonly reasons: readonly string[];
}

/** What a supervisor is told. */
export async function readiness(product: Product): Promise<Readiness> {
  const { status, text } = await send(`${product.url}/readyz`, { method: 'GET' });
  return { status, reasons: (JSON.parse(text) as { reasons: string[] }).reasons };
}

/** The value of a metric that has one sample. */
export async function metric(product: Product, name: string): Promise<number> {
  const { text } = await send(`${product.url}/metrics`, { method: 'GET' });
  const line = text.split('\n').find((each) => each.startsWith(`${name} `));
  if (line === undefined) throw new Error(`there is no metric ${name}`);
  return Number(line.split(' ')[1]);
}

/** Switch the first workspace's mode and wait until calls are served in it: a change is nudged at once. */
export async function setAuditMode(product: Product, auditMode: 'strict' | 'available'): Promise<void> {
  await product.client.workspaces.update({
    params: { workspace: product.workspace },
    body: { settings: { auditMode } },
  });
  await new Promise((resolve) => setTimeout(resolve, 200));
}

/** A second workspace with a server, in mode strict. */
export async function secondWorkspace(
  product: Product,
  server: { slug: string; url: string },
): Promise<{ workspace: string; token: string }> {
  const { client } = product;
  const { slug: workspace } = await client.workspaces.create({ body: { name: 'Proven' } });
  const params = { workspace };
  await client.workspaces.update({ params, body: { settings: { auditMode: 'strict' } } });
  const { secret: token } = await client.tokens.issue({ params, body: { label: 'strict' } });
  await product.addServer({ ...server, workspace, token });
  return { workspace, token };
}
