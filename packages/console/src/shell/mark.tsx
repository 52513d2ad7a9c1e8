/** The mark of MCPNest: a nest with something in it. */
export const Mark = ({ size = 26 }: { readonly size?: number }) => (
  <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden className="shrink-0 text-accent">
    <rect width="32" height="32" rx="8" fill="currentColor" />
    <g className="text-on-accent">
      <path
        d="M7 13c0 7 4 11 9 11s9-4 9-11M11 13c0 4 2 7 5 7s5-3 5-7"
        fill="none"
        stroke="currentColor"
        strokeWidth="2.6"
        strokeLinecap="round"
      />
      <circle cx="16" cy="10" r="2.4" fill="currentColor" />
    </g>
  </svg>
);
