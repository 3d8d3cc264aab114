/* SPDX-License-Identifier: GPL-2.0-or-later */
/* prints the host's TSC rate in kHz: QEMU's TCG passes the host TSC through, and
   the microvm machine has no HPET or PM timer for the guest to measure it by */
#include <stdio.h>
#include <time.h>
#if defined(__x86_64__) || defined(__i386__)
#include <x86intrin.h>
static double ticks(void) { return (double)__rdtsc(); }
#else
static double ticks(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec * 1e9 + t.tv_nsec; }
#endif
static double ns(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC_RAW, &t); return t.tv_sec * 1e9 + t.tv_nsec; }
int main(void)
{
    double n = ns(), c = ticks(), m;
    struct timespec d = { 0, 50000000 };
    nanosleep(&d, NULL);
    m = ns();
    printf("%.0f\n", (ticks() - c) / (m - n) * 1e6);
    return 0;
}
