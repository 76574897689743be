import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import type { WatchedStores } from '../constructs/stores.ts';
import { namePrefix, type Settings } from '../settings.ts';

export interface DashboardProps {
  readonly settings: Settings;
  readonly apiId: string;
  /** None where others keep the stores. */
  readonly watched: WatchedStores | undefined;
  /** Names of the log groups whose lines name the stalest view. */
  readonly freshnessLogs: readonly string[];
}

export type Row = readonly cloudwatch.IWidget[];

/** A dashboard of rows of widgets. */
export function dashboard(scope: Construct, name: string, { settings }: DashboardProps, rows: readonly Row[]): void {
  const created = new cloudwatch.Dashboard(scope, name, {
    dashboardName: `${namePrefix(settings)}-${name.toLowerCase()}`,
  });
  for (const row of rows) created.addWidgets(...row);
}

export interface GraphOptions {
  readonly unit: string;
  readonly right?: cloudwatch.IMetric[];
  /** A line that should not be crossed. */
  readonly limit?: { readonly value: number; readonly label: string };
}

/** Three of them make a row. */
export function graph(
  title: string,
  left: cloudwatch.IMetric[],
  { unit, right, limit }: GraphOptions,
): cloudwatch.IWidget {
  return new cloudwatch.GraphWidget({
    title,
    left,
    ...(right === undefined ? {} : { right }),
    ...(limit === undefined ? {} : { leftAnnotations: [limit] }),
    leftYAxis: { min: 0, label: unit, showUnits: false },
    width: 8,
    height: 6,
  });
}
