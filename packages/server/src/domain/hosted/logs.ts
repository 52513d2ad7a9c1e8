/** One line a hosted server wrote, fit to be shown: without secrets, without control characters, bounded. */
export interface HostedLine {
  /** ISO 8601 UTC. */
  readonly at: string;
  readonly stream: 'stdout' | 'stderr';
  readonly text: string;
}

/** The one thing of hosted servers that is not in the database: what they write. Asked of the orchestrator. */
export interface HostedLogs {
  /**
   * The last lines, oldest first; none where nothing runs.
   * @throws AppError `unavailable`
   */
  tail(instanceId: string, lines: number, signal?: AbortSignal): Promise<readonly HostedLine[]>;
  /**
   * The last lines and whatever follows, until the container ends or the signal comes.
   * @throws AppError `unavailable`, while iterating
   */
  follow(instanceId: string, lines: number, signal: AbortSignal): AsyncIterable<HostedLine>;
}
