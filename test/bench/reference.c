/*
 * The reference of the hashing benches: the same work as the TypeScript does, in plain C with all rounds unrolled by the
 * preprocessor. Compiled and run by `npm run bench`; no part of the program.
 *
 *   reference checks COUNT    nonces judged as firmware/share/nonce-validator.ts judges them
 *   reference works COUNT     works made as firmware/work/work-builder.ts makes them, with four midstates each
 *   reference midstates COUNT the same, but version bits first: a root serves 16,384 works
 *
 * Prints the seconds of CPU and a sum over the results, which the bench compares with its own.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ROTR(x, n) (((x) >> (n)) | ((x) << (32 - (n))))

static const uint32_t INITIAL[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                    0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

#define ROUND(a, b, c, d, e, f, g, h, k, w)                                                        \
  t = h + (ROTR(e, 6) ^ ROTR(e, 11) ^ ROTR(e, 25)) + (g ^ (e & (f ^ g))) + k + w;                  \
  d += t;                                                                                          \
  h = t + (ROTR(a, 2) ^ ROTR(a, 13) ^ ROTR(a, 22)) + ((a & b) | (c & (a | b)));

#define NEXT(w0, w1, w9, w14)                                                                      \
  w0 += (ROTR(w1, 7) ^ ROTR(w1, 18) ^ (w1 >> 3)) + w9 + (ROTR(w14, 17) ^ ROTR(w14, 19) ^ (w14 >> 10));

#define ROUNDS_16(k0, k1, k2, k3, k4, k5, k6, k7, k8, k9, k10, k11, k12, k13, k14, k15)            \
  ROUND(a, b, c, d, e, f, g, h, k0, w0)                                                            \
  ROUND(h, a, b, c, d, e, f, g, k1, w1)                                                            \
  ROUND(g, h, a, b, c, d, e, f, k2, w2)                                                            \
  ROUND(f, g, h, a, b, c, d, e, k3, w3)                                                            \
  ROUND(e, f, g, h, a, b, c, d, k4, w4)                                                            \
  ROUND(d, e, f, g, h, a, b, c, k5, w5)                                                            \
  ROUND(c, d, e, f, g, h, a, b, k6, w6)                                                            \
  ROUND(b, c, d, e, f, g, h, a, k7, w7)                                                            \
  ROUND(a, b, c, d, e, f, g, h, k8, w8)                                                            \
  ROUND(h, a, b, c, d, e, f, g, k9, w9)                                                            \
  ROUND(g, h, a, b, c, d, e, f, k10, w10)                                                          \
  ROUND(f, g, h, a, b, c, d, e, k11, w11)                                                          \
  ROUND(e, f, g, h, a, b, c, d, k12, w12)                                                          \
  ROUND(d, e, f, g, h, a, b, c, k13, w13)                                                          \
  ROUND(c, d, e, f, g, h, a, b, k14, w14)                                                          \
  ROUND(b, c, d, e, f, g, h, a, k15, w15)

#define NEXT_16                                                                                    \
  NEXT(w0, w1, w9, w14)                                                                            \
  NEXT(w1, w2, w10, w15)                                                                           \
  NEXT(w2, w3, w11, w0)                                                                            \
  NEXT(w3, w4, w12, w1)                                                                            \
  NEXT(w4, w5, w13, w2)                                                                            \
  NEXT(w5, w6, w14, w3)                                                                            \
  NEXT(w6, w7, w15, w4)                                                                            \
  NEXT(w7, w8, w0, w5)                                                                             \
  NEXT(w8, w9, w1, w6)                                                                             \
  NEXT(w9, w10, w2, w7)                                                                            \
  NEXT(w10, w11, w3, w8)                                                                           \
  NEXT(w11, w12, w4, w9)                                                                           \
  NEXT(w12, w13, w5, w10)                                                                          \
  NEXT(w13, w14, w6, w11)                                                                          \
  NEXT(w14, w15, w7, w12)                                                                          \
  NEXT(w15, w0, w8, w13)

static void compress(uint32_t *out, const uint32_t *init, const uint32_t *block) {
  uint32_t a = init[0], b = init[1], c = init[2], d = init[3];
  uint32_t e = init[4], f = init[5], g = init[6], h = init[7];
  uint32_t w0 = block[0], w1 = block[1], w2 = block[2], w3 = block[3];
  uint32_t w4 = block[4], w5 = block[5], w6 = block[6], w7 = block[7];
  uint32_t w8 = block[8], w9 = block[9], w10 = block[10], w11 = block[11];
  uint32_t w12 = block[12], w13 = block[13], w14 = block[14], w15 = block[15];
  uint32_t t;
  ROUNDS_16(0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
            0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174)
  NEXT_16
  ROUNDS_16(0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
            0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967)
  NEXT_16
  ROUNDS_16(0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
            0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070)
  NEXT_16
  ROUNDS_16(0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
            0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2)
  out[0] = init[0] + a;
  out[1] = init[1] + b;
  out[2] = init[2] + c;
  out[3] = init[3] + d;
  out[4] = init[4] + e;
  out[5] = init[5] + f;
  out[6] = init[6] + g;
  out[7] = init[7] + h;
}

static void load_words(uint32_t *out, const uint8_t *bytes, int count) {
  for (int i = 0; i < count; i++, bytes += 4)
    out[i] = (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static void store_hash(uint8_t *bytes, const uint32_t *hash) {
  for (int i = 0; i < 8; i++, bytes += 4) {
    bytes[0] = hash[i] >> 24;
    bytes[1] = hash[i] >> 16;
    bytes[2] = hash[i] >> 8;
    bytes[3] = hash[i];
  }
}

static void write_u32_le(uint8_t *bytes, uint32_t value) {
  bytes[0] = value;
  bytes[1] = value >> 8;
  bytes[2] = value >> 16;
  bytes[3] = value >> 24;
}

/* Second hash over the 32 bytes of the first. */
static void hash_again(uint32_t *out, const uint32_t *first) {
  uint32_t block[16] = {0};
  memcpy(block, first, 32);
  block[8] = 0x80000000;
  block[15] = 256;
  compress(out, INITIAL, block);
}

static void hash_header(uint32_t *out, const uint8_t *header) {
  uint32_t block[16], state[8], first[8];
  load_words(block, header, 16);
  compress(state, INITIAL, block);
  memset(block, 0, sizeof block);
  load_words(block, header + 64, 4);
  block[4] = 0x80000000;
  block[15] = 640;
  compress(first, state, block);
  hash_again(out, first);
}

static void hash_bytes(uint32_t *out, const uint8_t *data, size_t length) {
  uint32_t state[8], block[16];
  uint8_t rest[64] = {0};
  size_t left = length;
  memcpy(state, INITIAL, sizeof state);
  for (; left >= 64; left -= 64, data += 64) {
    load_words(block, data, 16);
    compress(state, state, block);
  }
  memcpy(rest, data, left);
  rest[left] = 0x80;
  load_words(block, rest, 16);
  if (left >= 56) {
    compress(state, state, block);
    memset(block, 0, sizeof block);
  }
  block[14] = (uint64_t)length >> 29;
  block[15] = (uint32_t)length << 3;
  compress(state, state, block);
  hash_again(out, state);
}

static int meets_target(const uint32_t *hash, const uint32_t *target) {
  for (int i = 0; i < 8; i++) {
    uint32_t word = __builtin_bswap32(hash[7 - i]);
    if (word != target[i]) return word < target[i];
  }
  return 1;
}

static void fill(uint8_t *bytes, int length, int factor, int start) {
  for (int i = 0; i < length; i++) bytes[i] = i * factor + start;
}

/* ---- checks ---- */

#define CHIPS 108
enum { SHARE, VALID, HARDWARE_ERROR, OUTCOMES };

static double counters[CHIPS][OUTCOMES];

static int judge(const uint8_t *work, uint32_t nonce, uint32_t version_bits, const uint32_t *ticket, const uint32_t *pool) {
  uint8_t header[80];
  uint32_t hash[8];
  if (version_bits & ~0x1fffe000u) return HARDWARE_ERROR;
  memcpy(header, work, 80);
  header[0] |= version_bits;
  header[1] |= version_bits >> 8;
  header[2] |= version_bits >> 16;
  header[3] |= version_bits >> 24;
  write_u32_le(header + 76, nonce);
  hash_header(hash, header);
  if (!meets_target(hash, ticket)) return HARDWARE_ERROR;
  return meets_target(hash, pool) ? SHARE : VALID;
}

static uint32_t run_checks(uint32_t count) {
  static const uint32_t ticket[8] = {0x000fffff, ~0u, ~0u, ~0u, ~0u, ~0u, ~0u, ~0u};
  static const uint32_t pool[8] = {0};
  uint8_t header[80];
  uint32_t sum = 0;
  fill(header, 80, 7, 3);
  write_u32_le(header, 0x20000000);
  for (uint32_t i = 0; i < count; i++) {
    uint32_t nonce = i * 0x9e3779b1u;
    int outcome = judge(header, nonce, (i & 0xffff) << 13, ticket, pool);
    counters[i % CHIPS][outcome]++;
    if (outcome != HARDWARE_ERROR) sum = sum * 31 + nonce;
  }
  return sum;
}

/* ---- works ---- */

enum { COINB1 = 110, EXTRANONCE1 = 4, EXTRANONCE2 = 8, COINB2 = 128, BRANCHES = 12, VERSIONS = 4 };

struct job {
  uint8_t prev_hash[32], coinb1[COINB1], extranonce1[EXTRANONCE1], coinb2[COINB2], branches[BRANCHES][32];
};

static void build_root(uint8_t *root, const struct job *job, const uint8_t *extranonce2) {
  uint8_t coinbase[COINB1 + EXTRANONCE1 + EXTRANONCE2 + COINB2], pair[64];
  uint32_t hash[8];
  uint8_t *at = coinbase;
  memcpy(at, job->coinb1, COINB1);
  memcpy(at += COINB1, job->extranonce1, EXTRANONCE1);
  memcpy(at += EXTRANONCE1, extranonce2, EXTRANONCE2);
  memcpy(at += EXTRANONCE2, job->coinb2, COINB2);
  hash_bytes(hash, coinbase, sizeof coinbase);
  store_hash(pair, hash);
  for (int i = 0; i < BRANCHES; i++) {
    memcpy(pair + 32, job->branches[i], 32);
    hash_bytes(hash, pair, 64);
    store_hash(pair, hash);
  }
  memcpy(root, pair, 32);
}

static uint32_t run_works(uint32_t count) {
  struct job job;
  uint8_t header[80];
  uint32_t sum = 0;
  fill(job.prev_hash, 32, 5, 9);
  fill(job.coinb1, COINB1, 7, 3);
  fill(job.extranonce1, EXTRANONCE1, 29, 17);
  fill(job.coinb2, COINB2, 11, 5);
  for (int i = 0; i < BRANCHES; i++) fill(job.branches[i], 32, 13, 31 * i + 1);
  for (uint32_t i = 0; i < count; i++) {
    uint8_t extranonce2[EXTRANONCE2] = {0};
    write_u32_le(extranonce2, i);
    write_u32_le(header, 0x20000000);
    memcpy(header + 4, job.prev_hash, 32);
    build_root(header + 36, &job, extranonce2);
    write_u32_le(header + 68, 0x66000000);
    write_u32_le(header + 72, 0x1702f4c1);
    write_u32_le(header + 76, 0);
    for (uint32_t v = 0; v < VERSIONS; v++) {
      uint32_t block[16], midstate[8];
      write_u32_le(header, 0x20000000 | v << 13);
      load_words(block, header, 16);
      compress(midstate, INITIAL, block);
      sum = sum * 31 + midstate[7];
    }
  }
  return sum;
}

/* Version bits first: a root serves as long as its 2^16 versions last, every version is one compression. */
#define MASK 0x1fffe000u

static uint32_t run_midstates(uint32_t count) {
  struct job job;
  uint8_t header[80];
  uint32_t sum = 0, bits = 0, root = 0, block[16], midstate[8];
  fill(job.prev_hash, 32, 5, 9);
  fill(job.coinb1, COINB1, 7, 3);
  fill(job.extranonce1, EXTRANONCE1, 29, 17);
  fill(job.coinb2, COINB2, 11, 5);
  for (int i = 0; i < BRANCHES; i++) fill(job.branches[i], 32, 13, 31 * i + 1);
  for (uint32_t i = 0; i < count; i++) {
    if (bits == 0) {
      uint8_t extranonce2[EXTRANONCE2] = {0};
      write_u32_le(extranonce2, root++);
      write_u32_le(header, 0x20000000);
      memcpy(header + 4, job.prev_hash, 32);
      build_root(header + 36, &job, extranonce2);
      load_words(block, header, 16);
    }
    for (uint32_t v = 0; v < VERSIONS; v++) {
      uint8_t version[4];
      write_u32_le(version, 0x20000000 | bits);
      load_words(block, version, 1);
      compress(midstate, INITIAL, block);
      sum = sum * 31 + midstate[7];
      bits = ((bits | ~MASK) + 1) & MASK;
    }
  }
  return sum;
}

/* ---- */

/* Bitcoin's first block: its header hashes to 000000000019d668 ..., read from the end. */
static int hashes_right(void) {
  static const uint8_t root[32] = {0x3b, 0xa3, 0xed, 0xfd, 0x7a, 0x7b, 0x12, 0xb2, 0x7a, 0xc7, 0x2c,
                                   0x3e, 0x67, 0x76, 0x8f, 0x61, 0x7f, 0xc8, 0x1b, 0xc3, 0x88, 0x8a,
                                   0x51, 0x32, 0x3a, 0x9f, 0xb8, 0xaa, 0x4b, 0x1e, 0x5e, 0x4a};
  uint8_t header[80] = {1};
  uint32_t hash[8], other[8];
  memcpy(header + 36, root, 32);
  write_u32_le(header + 68, 1231006505);
  write_u32_le(header + 72, 0x1d00ffff);
  write_u32_le(header + 76, 2083236893);
  hash_header(hash, header);
  hash_bytes(other, header, 80);
  return hash[0] == 0x6fe28c0a && hash[6] == 0x68d61900 && hash[7] == 0 && memcmp(hash, other, 32) == 0;
}

int main(int argc, char **argv) {
  uint32_t (*run)(uint32_t);
  uint32_t count, sum;
  clock_t started;
  if (!hashes_right()) {
    fputs("the reference does not hash right\n", stderr);
    return 1;
  }
  if (argc != 3) return 2;
  run = strcmp(argv[1], "checks") == 0 ? run_checks : strcmp(argv[1], "midstates") == 0 ? run_midstates : run_works;
  count = strtoul(argv[2], NULL, 10);
  sum = run(count / 10);
  started = clock();
  sum = run(count);
  printf("%.6f %u\n", (double)(clock() - started) / CLOCKS_PER_SEC, sum);
  return 0;
}
