import { describeBus } from './bus.contract.ts';
import { createMemoryBus } from './memory.ts';

describeBus('memory', createMemoryBus);
