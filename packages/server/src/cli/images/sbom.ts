import { z } from 'zod';
import { version } from '../../platform/version.ts';
import type { CatalogueEntry } from '../../domain/hosted/entry.ts';
import type { DebianPackage } from './debian.ts';
import { pinnedNode } from './recipes.ts';

const npmSbom = z.object({
  bomFormat: z.literal('CycloneDX'),
  specVersion: z.string(),
  components: z.array(z.record(z.string(), z.unknown())),
  dependencies: z.array(z.record(z.string(), z.unknown())),
});

/**
 * The bill of materials of an image (CycloneDX): npm's, with Debian's packages, Node and the bridge added. It has
 * neither time nor serial number, so that the same image has the same bill.
 * @param fromNpm what `npm sbom` wrote
 */
export function composeSbom(fromNpm: string, entry: CatalogueEntry, system: readonly DebianPackage[]): string {
  const { components, dependencies, ...head } = npmSbom.parse(JSON.parse(fromNpm));
  const debian = system.map(({ name, version: of, architecture }) => {
    const purl = `pkg:deb/debian/${name}@${encodeURIComponent(of)}?arch=${architecture}&distro=bookworm`;
    return { 'bom-ref': purl, type: 'library', name, version: of, purl };
  });
  const ours = [
    { 'bom-ref': 'node', type: 'platform', name: 'node', version: pinnedNode.version },
    { 'bom-ref': 'mcpnest-bridge', type: 'application', name: 'mcpnest-bridge', version },
  ].map((item) => ({ ...item, purl: `pkg:generic/${item.name}@${item.version}` }));
  const component = { type: 'container', name: entry.image, version: `${entry.package.version}-${entry.version}` };
  const metadata = { component: { 'bom-ref': entry.image, ...component } };
  return `${JSON.stringify({ ...head, version: 1, metadata, components: [...components, ...debian, ...ours], dependencies }, null, 2)}\n`;
}
