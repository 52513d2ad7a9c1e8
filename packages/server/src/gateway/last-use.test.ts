import { openSqlite } from '../platform/database/sqlite.ts';
import { describeLastUse } from './last-use.contract.ts';

describeLastUse('SQLite', async () => openSqlite(':memory:'));
