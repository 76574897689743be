import { App } from 'aws-cdk-lib';
import { bundleFunctions } from './bundling/bundle-functions.ts';
import { createStacks } from './create-stacks.ts';
import { parseSettings } from './settings.ts';

const app = new App();
const names = ['stage', 'stages', 'account', 'region'];
const settings = parseSettings(Object.fromEntries(names.map((name) => [name, app.node.tryGetContext(name)])));
createStacks(app, settings, await bundleFunctions());
