import { openSqlite } from '../platform/database/sqlite.ts';
import { describeConnectionStore } from './connection-store.contract.ts';

describeConnectionStore('SQLite', async () => openSqlite(':memory:'));
