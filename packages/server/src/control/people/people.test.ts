import { openSqlite } from '../../platform/database/sqlite.ts';
import { describeErasure } from './people.contract.ts';

describeErasure('SQLite', async () => openSqlite(':memory:'));
