import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { CloudAssembly } from 'aws-cdk-lib/cx-api';
import { functionsOf, readTemplates, type Templates } from '../../infra/synthesize.ts';

export interface Assets extends Templates {
  /** What the template of the function names as its code: the folder that the CDK packs and uploads. */
  folderOf(functionName: string): string;
  remove(): void;
}

/** Stage dev by `cdk synth`, as a deployment makes it, in a folder that nothing of the project is beside. */
export async function synthesizeAssets(context: Readonly<Record<string, unknown>>): Promise<Assets> {
  const folder = mkdtempSync(join(tmpdir(), 'feature-store-assets-'));
  const app = `"${process.execPath}" "${resolve('infra/app.ts')}"`;
  writeFileSync(join(folder, 'cdk.json'), JSON.stringify({ app, context, versionReporting: false }));
  const cdk = resolve('node_modules/aws-cdk/bin/cdk');
  await promisify(execFile)(process.execPath, [cdk, 'synth', '--quiet', '--no-notices'], { cwd: folder });
  const assembly = join(folder, 'cdk.out');
  const templates = readTemplates(new CloudAssembly(assembly), (stack) => `feature-store-dev-${stack}`);
  return {
    ...templates,
    folderOf: (functionName) => {
      const deployed = functionsOf(templates).find(({ name }) => name === functionName);
      const asset = join(assembly, `asset.${deployed?.properties.Code.S3Key.replace(/\.zip$/, '')}`);
      if (!existsSync(asset)) throw new Error(`the code of ${functionName} is no folder of the assembly: ${asset}`);
      return asset;
    },
    remove: () => rmSync(folder, { recursive: true }),
  };
}
