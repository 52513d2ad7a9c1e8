import { openSqlite } from '../../platform/database/sqlite.ts';
import { describeTerms } from './retention.contract.ts';

describeTerms('SQLite', async () => openSqlite(':memory:'));
