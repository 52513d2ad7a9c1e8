/**
 * What MCPNest promises, as data. Tests cite an id in their title, `it('[GW-01] …')`; `npm run promises` joins the two
 * with the last results, and `npm run check` fails when a promise marked done is cited by no test.
 */
export interface Requirement {
  readonly id: string;
  readonly meaning: string;
  /** `done`: holds and a test shows it. `part`: holds in what exists so far. `open`: not there yet. */
  readonly status: 'done' | 'part' | 'open';
}

const done = (id: string, meaning: string): Requirement => ({ id, meaning, status: 'done' });
const part = (id: string, meaning: string): Requirement => ({ id, meaning, status: 'part' });
const open = (id: string, meaning: string): Requirement => ({ id, meaning, status: 'open' });

export const requirements: readonly Requirement[] = [
  // The gateway
  done('GW-01', 'One authenticated URL per workspace; a plain curl with a token lists tools without any handshake.'),
  done('GW-02', 'Any MCP client connects to it as to a single server.'),
  done('GW-03', 'tools/list is one merged list of every enabled server of the workspace.'),
  done('GW-04', 'tools/call reaches the server that owns the tool; the caller configures nothing.'),
  done('GW-05', 'Upstream answers are read as JSON or as SSE by their content type, and streams pass through.'),
  done('GW-06', 'Servers have an order and the merged list follows it.'),
  done('GW-07', 'A server may have a prefix that its tool names carry.'),
  done('GW-08', 'Clashing names are told apart by the server without any set-up; other names stay bare.'),
  done('GW-09', 'A server added or removed shows in the next tools/list of every connected client.'),
  done('GW-10', 'Servers reached over HTTP only; a stdio server is never started by the gateway.'),
  done('GW-11', 'A credential an upstream needs is sent from sealed workspace configuration.'),
  open('GW-12', 'Workspace, servers, token and URL are set up in the console.'),
  done('GW-13', 'The health of each server is part of what the gateway answers, on request.'),
  done('GW-14', 'A workspace has a rate limit, and traffic without a credential one per address.'),
  done('GW-15', 'The gateway adds little to the time the upstream takes.'),
  done('GW-16', 'Only administrators change which servers a workspace has.'),
  done('GW-17', 'Every change of a server is a revision one can go back to.'),
  done('GW-18', 'The same policy holds for every client, protocol generation and transport.'),
  part('GW-19', 'A new member points a client at one URL and has the curated set.'),

  // Tokens and identity at the edge
  done('TOK-01', 'A gateway token is mng_ and 48 lower-case hex digits, 192 random bits.'),
  done('TOK-02', 'Only the SHA-256 of a token is stored; the token is shown once.'),
  done('TOK-03', 'Tokens are compared in constant time.'),
  done('TOK-04', 'The prefix tells what a token is, to people and to secret scanners.'),
  done('TOK-05', 'A workspace token passes every allowlist of its workspace.'),
  done('TOK-06', 'A member has a token of their own, which may be narrowed.'),
  done('TOK-07', 'A revoked token stops working within a second, and nobody else notices.'),
  done('TOK-08', 'Tokens rotate with an overlap; also in the console.'),
  part('TOK-09', 'Every call belongs to an identity; there are no anonymous calls.'),
  open('TOK-10', 'People sign in with the single sign-on of the company.'),
  part('TOK-11', 'People and agents are authenticated once, at the edge.'),
  part('TOK-12', "An upstream never sees the caller's credential; it gets a short-lived one of its own."),

  // Access of members
  done('L2-01', 'A rule names a server and a tool.'),
  done('L2-02', 'Rules are edited in the console.'),
  done('L2-03', 'Enforcement is one switch per workspace.'),
  done('L2-04', 'With enforcement on, a member with rules calls the listed tools and no others.'),
  done('L2-05', 'A denied call is answered -32003, Tool not allowed for this user.'),
  done('L2-06', 'In an open workspace a member without rules may call everything.'),
  done('L2-07', 'Owner, administrator and member differ in what they may change.'),
  done('L2-08', 'The example of juniors, seniors and a deploy server can be set up and holds.'),
  done('L2-09', 'Teams have allow and deny rules, applied before anything is listed or sent.'),
  done('L2-10', 'Reading and changing tools are classes of their own; destructive ones wait for approval.'),
  open('L2-11', 'Rights depend on the person, the model and the chain of tools together.'),

  // Audit
  done('AUD-01', 'One row per tools/call: who, which tool, outcome, how long, when.'),
  done('AUD-02', 'No value of an argument or a result is stored anywhere.'),
  done('AUD-03', 'Rows are only ever added, and kept 90 days unless the workspace or a legal hold says otherwise.'),
  done('AUD-04', 'A database that fails does not stop calls; nothing is lost meanwhile.'),
  done('AUD-05', 'What administrators change is recorded with actor and time, in the same transaction.'),
  done('AUD-06', 'The record can be exported, and sent to other systems as it comes.'),
  done('AUD-07', 'A row holds the shape of the arguments and what the decision rested on, so it can be made again.'),
  done('AUD-08', 'A row holds the chain from agent and person to tool, with the rule that permitted it.'),
  done('AUD-09', 'The questions of an auditor are answered from the product.'),
  done('AUD-10', 'One view of calls, failures and availability, overall first, then each server.'),

  // Hosted servers
  done('HST-01', 'Servers of a verified catalogue are deployed with one click.'),
  done('HST-02', 'What a server needs is asked for before it is deployed.'),
  done('HST-03', 'POST /api/hosted makes an instance and answers its id.'),
  done('HST-04', 'The output of a starting server is shown live until it is healthy.'),
  done('HST-05', 'From click to healthy in seconds.'),
  done('HST-06', 'The tools of a running instance appear in the list by themselves.'),
  done('HST-07', 'The last lines of an instance can be read.'),
  done('HST-08', 'Ending an instance leaves nothing behind.'),
  done('HST-09', 'The number of running instances is limited per workspace.'),
  done('HST-10', 'Credentials of instances are sealed, never logged, never shown again.'),
  done('HST-11', 'A server may be given headers of its own.'),
  done('HST-12', 'More images than the first ones.'),
  done('HST-13', 'The use of each instance is measured.'),
  open('HST-14', 'A workspace registry can be deployed from by a client package.'),
  done('HST-15', 'Running, healthy and degraded are visible, and start errors readable without a shell.'),

  // Orchestrator
  done('ORC-01', 'From record to listed tools as one flow: image gate, hardened start, health, list.'),
  done('ORC-02', 'Only images on the allowlist run, and their names are checked again.'),
  done('ORC-03', 'A present image is not pulled; a failed pull is a clear error.'),
  done('ORC-04', 'Every container is hardened in ways no user can change.'),
  done('ORC-05', 'Sizes are three profiles, set when the instance is made.'),
  done('ORC-06', 'The tools of running instances are gathered in parallel and named.'),
  done('ORC-07', 'A call finds the live endpoint of its instance.'),
  done('ORC-08', 'Without the orchestrator, remote servers go on being served.'),
  done('ORC-09', 'Hosting is switched on per workspace.'),
  done('ORC-10', 'A crash is noticed and a runaway process hurts no neighbour.'),

  // Bridge
  done('BRG-01', 'Any stdio server is reached over HTTP without changing it.'),
  done('BRG-02', 'Its command comes from the image and is split by shell rules.'),
  done('BRG-03', 'The handshake is done before anything is served.'),
  done('BRG-04', 'POST /tools/list and POST /tools/call are answered.'),
  done('BRG-05', 'Error output is drained so that the child never blocks.'),
  done('BRG-06', 'Calls at the same time do not disturb each other.'),
  done('BRG-07', 'A child that ends before the handshake ends the container with an error.'),
  done('BRG-08', 'Packages are inside the image: no download at start.'),
  done('BRG-09', 'Bridge and child are not root.'),
  done('BRG-10', 'The container has a health check.'),

  // Marketplace, scores, helpers
  open('MKT-01', 'A catalogue of thousands of servers can be searched and filtered.'),
  part('MKT-02', 'A server has a page with its README and how to install it in each client.'),
  part('MKT-03', 'Cursor and VS Code install with one click; copying counts as an install.'),
  open('MKT-04', 'Publishers have profiles and may be verified.'),
  open('MKT-05', 'Collections, starter packs and trends are shown.'),
  open('MKT-06', 'A server can be submitted.'),
  open('MKT-07', 'The catalogue serves as the private registry of a company.'),
  open('QS-01', 'Each server has a score of 0 to 100 shown as A to F.'),
  open('QS-02', 'The score counts configuration, description, verification and popularity.'),
  open('QS-03', 'The score counts maintenance and documentation.'),
  open('QS-04', 'A maintained server with 300 stars outranks an abandoned one with 3,000.'),
  open('QS-05', 'Signs of trust are visible before installing.'),
  open('QS-06', 'One is told when a server one depends on gets worse or better.'),
  open('VAL-01', 'A client configuration is checked before it is installed.'),
  open('CMP-01', 'A configuration of several servers is built and shared by a link.'),
  open('GEN-01', 'A server is generated from up to 500 characters of plain English.'),
  open('GEN-02', 'The generator answers name, description, code and install, and nothing else.'),
  open('GEN-03', 'The generated code is one complete TypeScript file.'),
  open('GEN-04', 'The generated install snippet fits Claude Desktop.'),
  open('GEN-05', 'Generation uses a model where a key is given, and says when it works without.'),
  open('GEN-06', 'Three sample prompts give sensible scaffolds.'),
  open('SCN-01', 'The scan of a configuration runs in the browser and sends nothing.'),
  part('SCN-02', 'The scan finds the known risks and offers the governed way.'),

  // Self-hosting
  part('SH-01', 'The whole product runs on your own machines.'),
  part('SH-02', 'Data stays where you run it; nothing calls home.'),
  done('SH-03', 'Evidence for an audit of controls can be exported.'),

  // The gateway of a company
  done('REG-01', 'A manifest registers a server: name, owner, upstream, visibility, tools, limits.'),
  done('REG-02', 'Registering makes a server reachable for exactly the right people.'),
  done('REG-03', 'Each server has a URL of its own, besides the merged one, and a policy its owning team edits.'),
  done('REG-04', 'A slow or broken upstream does not slow the others.'),
  done('REG-05', 'A server may exist without everybody seeing it.'),
  done('REG-06', 'Budgets per person, tool and server keep a looping agent from drowning an upstream.'),
  open('REG-07', 'Upstreams get short-lived tokens made by the gateway.'),
  done('REG-08', 'Marked tools need an approval.'),
  done('REG-09', 'Every call is recorded so that its decision can be made again.'),
  part('REG-10', 'What changes behind the URL needs no change of any client.'),
  done('REG-11', 'Hundreds of servers are one hub.'),
  done('REG-12', 'Months later it can be said and proven who called what.'),

  // Seeing what there is
  done('VIS-01', 'Every server has owner, maintainer, sensitivity, last use and last health.'),
  done('VIS-02', 'Overall health first, then one server.'),
  done('VIS-03', 'Failures and availability of each server in one shared view.'),
  open('VIS-04', 'Platform, operations and security each have their levers.'),
  done('VIS-05', 'Use can be counted per team.'),
  open('VIS-06', 'Servers of different risk live side by side under rules that fit each.'),

  // Reliability, as tried in test/faults (docs/reliability.md)
  done(
    'NFR-01',
    'After kill -9 every call that reached a server has one row, and service is back within five seconds.',
  ),
  done(
    'NFR-02',
    'A full, failing, slow or read-only disk, damage and lost files are survived or refused, never in silence.',
  ),
  done('NFR-03', 'A clock that is wrong deletes no mass of records, accepts no expired token and ends no process.'),
  done('NFR-04', 'Replicas are restarted in turn without a failed call.'),

  // Beyond others
  done('NEW-01', 'Recorded decisions are made again to the same end; a draft policy is tried on the past.'),
  done('NEW-02', 'Who could call what on any past day, and why.'),
  done('NEW-03', 'A proof log without content: hash chain, gaps found, survives a database outage, verified offline.'),
  done('NEW-04', 'Approvals that work with every client and survive a restart.'),
  done('NEW-05', 'Clients and servers of different protocol generations understand each other.'),
  open('NEW-06', 'One lock record per hosted server, its changes shown in words, one step back.'),
  part('NEW-07', "A client's configuration moves behind the gateway in one step, with undo."),
  open('NEW-08', 'Scores from what really happened.'),
  done('NEW-09', 'The context a tool list costs is measured and adapted.'),
  done('NEW-10', 'Why a tool is not visible is answered, and access can be asked for.'),
  part('NEW-11', 'Sign-on, provisioning, roles, audit, retention and approvals in one free process.'),
  done('NEW-12', 'A repeated write gives the first result instead of a second effect.'),
  done('NEW-13', 'A repeatable benchmark with everything on; each reply says what the gateway itself took.'),
  done('NEW-14', 'A server can be broken on purpose to see who is affected.'),
  done('NEW-15', 'Write access expires by default, and unused rights are reported.'),
];
