#!/usr/bin/env sh
':' /* A shell reads up to exec, JavaScript what stands behind this comment.

# Node forgets which signals were ignored when it was started, and nohup says by nothing else that the closing terminal
# is none of our business. A shell cannot trap what was ignored before it, so it asks itself.
ignored=HUP
trap 'ignored=' HUP
kill -HUP $$
trap - HUP
RAFTCTL_IGNORED_SIGNALS=$ignored exec node "$0" "$@"
*/

require('../dist/cli.cjs');
