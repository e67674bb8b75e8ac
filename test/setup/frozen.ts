// What a program can do that trusts nobody: everything must work without touching it.
Object.freeze(Object.prototype);
