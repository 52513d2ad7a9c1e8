import { z } from 'zod';

/** What is read of the engine's answers; the rest of them is ignored. */

const labels = z
  .record(z.string(), z.string())
  .nullish()
  .transform((value) => value ?? {});

export const containerList = z.array(z.object({ Id: z.string(), Labels: labels }));

export const container = z.object({
  Id: z.string(),
  State: z.object({
    Status: z.string(),
    ExitCode: z.int(),
    OOMKilled: z.boolean(),
    StartedAt: z.string(),
  }),
  Config: z.object({ Labels: labels }),
  NetworkSettings: z.object({
    Ports: z
      .record(z.string(), z.array(z.object({ HostIp: z.string(), HostPort: z.string() })).nullable())
      .nullish()
      .transform((value) => value ?? {}),
    Networks: z.record(z.string(), z.object({})),
  }),
});
export type Container = z.infer<typeof container>;

export const networkList = z.array(
  z.object({
    Id: z.string(),
    Name: z.string(),
    Labels: labels,
    IPAM: z.object({
      Config: z
        .array(z.object({ Subnet: z.string().default('') }))
        .nullish()
        .transform((value) => value ?? []),
    }),
  }),
);

export const created = z.object({ Id: z.string() });

export const image = z.object({
  Id: z.string(),
  Config: z.object({ Volumes: z.record(z.string(), z.unknown()).nullish() }).nullish(),
});

/** Control group version 1 has `total_inactive_file`, version 2 `inactive_file`. */
export const stats = z.object({
  cpu_stats: z.object({ cpu_usage: z.object({ total_usage: z.number() }) }),
  pids_stats: z.object({ current: z.number().optional() }),
  memory_stats: z.object({
    usage: z.number().optional(),
    stats: z.object({ total_inactive_file: z.number().optional(), inactive_file: z.number().optional() }).optional(),
  }),
});
