/** What `kumpel trace --help` says. */
export const TRACE_HELP = `kumpel trace: reads what passed between host and chips, whoever wrote it down.

  kumpel trace decode FILE     prints every frame, and every byte that is none
      --follow                 goes on as the file grows, until Ctrl-C
      --stats                  only numbers: frames by kind, unknown bytes, wrong check sums, nonces by chip, rates
      --hex                    the bytes behind each frame
  kumpel trace diff A B        compares the commands up to the first job, chain by chain: missing, added, other values
      --all                    all commands, not only those before the first job
      --chain N                only this chain
      --gap MS|off             pauses that differ by more than MS count, too (default 100)
  kumpel trace verify FILE     hashes each nonce again with the job of the same trace
      --ticket D               difficulty of the nonces, in place of what the trace says
      --scale F                difficulty scale of emulated chips (default: as the capture says, else 1 = Bitcoin)
  kumpel trace convert FILE    writes any of these as a capture with one frame a line, to standard output

  FILE                 - is standard input. Read are captures (kumpel run --trace FILE), recordings of the black box,
                       tables of logic analysers, raw bytes, and dumps of any shape: hexdump -C, xxd, 55 AA 51, 0x55,
                       55AA51, with times, directions and other words before the bytes
  --chip NAME|auto     chip of the trace; auto (default) goes by its header, its chip-id replies, and its frames
  --chips N            chips on the chain, 1 .. 256, and
  --interval N         spacing of their addresses, 1 .. 256: nonces name their chip then (default: as the trace shows)
  --json               one object a line, as docs/TRACE.md says

Exit codes: 0 done; 1 nothing in it is a frame, sequences differ, or a nonce is wrong; 2 wrong usage or no such file.
A trace is written by kumpel run --trace FILE.
`;
