import { openSqlite } from '../../platform/database/sqlite.ts';
import { describeHolds } from './holds.contract.ts';

describeHolds('SQLite', async () => openSqlite(':memory:'));
