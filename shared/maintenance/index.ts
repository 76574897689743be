export { type MaintenanceReport, maintain } from './maintain.ts';
