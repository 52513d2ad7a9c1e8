import { formatNumber } from '../../strings/catalogue.ts';

export const bytesPerMegabyte = 1_048_576;

/** Bytes as megabytes: `48 MB`. */
export const sizeText = (bytes: number): string => `${formatNumber(Math.round(bytes / bytesPerMegabyte))} MB`;
