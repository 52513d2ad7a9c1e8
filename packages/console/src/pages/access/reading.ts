/** For answers about somebody or something in particular: what was read of another is not shown in their place. */
export const ofItsOwn = { placeholderData: () => undefined } as const;

/** For what is watched: every reading is an audit event, so nothing is read anew by itself. */
export const readOnce = {
  ...ofItsOwn,
  ...{ staleTime: Number.POSITIVE_INFINITY, refetchOnWindowFocus: false, refetchOnReconnect: false },
} as const;
