/** What the Docker runtime is told; none of it comes from a person who deploys. */
export interface DockerOptions {
  /** Path of the engine's unix socket. */
  readonly socketPath: string;
  /** Id of this installation: what carries another one, or none, is never touched. */
  readonly install: string;
  /** The image whose `node` runs the gates: what the engine has under this name and tag. It is never pulled. */
  readonly gateImage: string;
  readonly egress?: EgressOptions;
}

/** What an owner may set about the ways out. */
export interface EgressOptions {
  /** Resolvers the gates ask; those of the engine if left out. */
  readonly resolvers?: readonly string[];
  /** Private IPv4 ranges named hosts may lead to, as CIDR; none if left out. */
  readonly allowedRanges?: readonly string[];
}
