import { byteString, type ByteString } from '../../platform/byte-string.ts';
import { sourceText } from '../../platform/json/scan.ts';
import { invalidParams } from '../rpc-error.ts';
import type { InputRequest } from './capabilities.ts';
