export type HostingPlan = 'team' | 'enterprise';

/** What a workspace may host. */
export interface HostingSettings {
  /** False: its instances do not run; remote servers are served all the same. */
  readonly orchestratorEnabled: boolean;
  readonly plan: HostingPlan;
  /** Minutes without a call after which an instance sleeps until the next one; null: never. */
  readonly idleMinutes: number | null;
  /** Personal instances one member may have at once; the plan bounds those of everybody together. */
  readonly personalPerMember: number;
  /** Minutes one that sleeps is kept in memory, paused; after them it is removed, and takes longer to wake. */
  readonly pausedMinutes: number;
}

export const defaultHosting: HostingSettings = {
  orchestratorEnabled: false,
  plan: 'team',
  idleMinutes: null,
  // Less than the smallest plan has, so that no member can use it up alone.
  personalPerMember: 2,
  pausedMinutes: 60,
};

/** Read them from `gateway_workspaces.settings`; what is not stored has its default. */
export const readHosting = (settings: string): HostingSettings => ({
  ...defaultHosting,
  ...(JSON.parse(settings) as { readonly hosting?: Partial<HostingSettings> }).hosting,
});

/** Instances a workspace may have at once, however they fare: one that has failed or sleeps can run again any moment. */
export const planLimits: Readonly<Record<HostingPlan, number>> = { team: 3, enterprise: 20 };
