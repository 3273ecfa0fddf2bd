// SPDX-License-Identifier: Apache-2.0
// To be preloaded: what fsync and fdatasync cost becomes known. SYNC_COST_US names the microseconds
// that each takes on top of the disk's own time; "off" makes them do nothing at all.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int sync_with(const char* name, int fd) {
  const char* cost = getenv("SYNC_COST_US");
  if (cost != NULL && strcmp(cost, "off") == 0) return 0;
  int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
  if (cost != NULL) {
    const long microseconds = atol(cost);
    struct timespec wait = {microseconds / 1000000, microseconds % 1000000 * 1000};
    nanosleep(&wait, NULL);
  }
  return real(fd);
}

int fsync(int fd) { return sync_with("fsync", fd); }
int fdatasync(int fd) { return sync_with("fdatasync", fd); }
