/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The program is written here and not by libseccomp, whose seccomp_export_bpf leaves calls out, or
 * never returns, where it gets no memory. Its tables of names are in use. */
#include "base/filter.h"

#include <endian.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/array.h"

#define STEPS_OF_HEAD 5  /* the architecture, the number */
#define STEPS_OF_CALL 2  /* is it that one, and the end of its tests */
#define STEPS_OF_TEST 7  /* two halves of an argument, and the result */
#define STEPS_OF_TAIL 1
#define JUMP_MAX 255     /* steps */
#define X32_BIT 0x40000000u /* calls of a third architecture beside x86-64 and i386 */

/* What the program answers. */
struct results {
	uint32_t named, otherwise;
};

struct writer {
	struct sock_filter *steps;
	size_t count;
};

/* All rows of all tables as one list. */
struct rows {
	const struct filter_table *tables;
	size_t count;
};

static void put(struct writer *writer, uint16_t code, uint8_t if_true, uint8_t if_false,
		uint32_t value)
{
	writer->steps[writer->count++] = (struct sock_filter){ code, if_true, if_false, value };
}

static void put_load(struct writer *writer, size_t offset)
{
	put(writer, BPF_LD | BPF_W | BPF_ABS, 0, 0, (uint32_t)offset);
}

static void put_result(struct writer *writer, uint32_t result)
{
	put(writer, BPF_RET | BPF_K, 0, 0, result);
}

/* Goes on where (half & mask) == value, else jumps over what is left of the test. */
static void put_half(struct writer *writer, size_t offset, uint32_t mask, uint32_t value,
		     uint8_t left)
{
	put_load(writer, offset);
	put(writer, BPF_ALU | BPF_AND | BPF_K, 0, 0, mask);
	put(writer, BPF_JMP | BPF_JEQ | BPF_K, 0, left, value);
}

static void put_test(struct writer *writer, const struct filter_call *call, uint32_t result)
{
	const size_t low = offsetof(struct seccomp_data, args) + 8 * call->argument +
			   (BYTE_ORDER == LITTLE_ENDIAN ? 0 : 4);
	const size_t high = low ^ 4;

	put_half(writer, low, (uint32_t)call->mask, (uint32_t)call->value, 4);
	put_half(writer, high, (uint32_t)(call->mask >> 32), (uint32_t)(call->value >> 32), 1);
	put_result(writer, result);
}

static const struct filter_call *row_at(const struct rows *rows, size_t i)
{
	for (size_t t = 0; t < rows->count; i -= rows->tables[t++].count) {
		if (i < rows->tables[t].count)
			return &rows->tables[t].calls[i];
	}
	return NULL;
}

/* Calls that libseccomp may be too old for while the kernel is not: since 424 a call has the same
 * number on every machine. */
static const struct {
	const char *name;
	int number;
} young_calls[] = {
	{ "quotactl_fd", 443 },   { "process_mrelease", 448 }, { "fchmodat2", 452 },
	{ "setxattrat", 463 },    { "removexattrat", 466 },    { "open_tree_attr", 467 },
	{ "file_setattr", 469 },
};

/* Negative where this machine has no such call. */
static int number_of(const struct filter_call *call)
{
	int number = seccomp_syscall_resolve_name(call->name);

	for (size_t i = 0; number == __NR_SCMP_ERROR && i < COUNT(young_calls); i++) {
		if (strcmp(young_calls[i].name, call->name) == 0)
			number = young_calls[i].number;
	}
	return number;
}

static bool is_first(const struct rows *rows, size_t place, int number)
{
	for (size_t i = 0; i < place; i++) {
		if (number_of(row_at(rows, i)) == number)
			return false;
	}
	return true;
}

/* All rows of one call: its first one stands at place. Returns 0, or -E2BIG. */
static int put_call(struct writer *writer, const struct rows *rows, size_t place, int number,
		    const struct results *results)
{
	const struct filter_call *call, *decides = NULL;
	size_t begin = writer->count;

	put(writer, BPF_JMP | BPF_JEQ | BPF_K, 0, 0, (uint32_t)number);
	for (size_t i = place; (call = row_at(rows, i)); i++) {
		if (call->test != FILTER_EQUAL && number_of(call) == number &&
		    !(decides && decides->test == FILTER_ANY))
			decides = call;
	}
	for (size_t i = place; !decides && (call = row_at(rows, i)); i++) {
		if (number_of(call) == number)
			put_test(writer, call, results->named);
	}
	if (decides && decides->test == FILTER_NOSYS)
		put_result(writer, SECCOMP_RET_ERRNO | ENOSYS);
	else
		put_result(writer, decides ? results->named : results->otherwise);
	if (writer->count - begin - 1 > JUMP_MAX)
		return -E2BIG;
	writer->steps[begin].jf = (uint8_t)(writer->count - begin - 1);
	return 0;
}

static int put_all(struct writer *writer, const struct rows *rows, const struct results *results)
{
	const struct filter_call *call;
	int r = 0;

	put_load(writer, offsetof(struct seccomp_data, arch));
	put(writer, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, seccomp_arch_native());
	put_result(writer, SECCOMP_RET_KILL_PROCESS);
	put_load(writer, offsetof(struct seccomp_data, nr));
#ifdef __x86_64__
	put(writer, BPF_JMP | BPF_JGE | BPF_K, 0, 1, X32_BIT);
	put_result(writer, SECCOMP_RET_KILL_PROCESS);
#endif
	for (size_t i = 0; r == 0 && (call = row_at(rows, i)); i++) {
		int number = number_of(call);

		if (number >= 0 && is_first(rows, i, number))
			r = put_call(writer, rows, i, number, results);
	}
	put_result(writer, results->otherwise);
	return r;
}

static int build(const struct results *results, const struct filter_table *tables, size_t count,
		 struct filter *ret_filter)
{
	const struct rows rows = { tables, count };
	struct writer writer = { 0 };
	size_t steps = STEPS_OF_HEAD + 1 + STEPS_OF_TAIL;
	int r;

	for (size_t i = 0; row_at(&rows, i); i++)
		steps += STEPS_OF_CALL + STEPS_OF_TEST;
	writer.steps = calloc(steps, sizeof(*writer.steps));
	if (!writer.steps)
		return -ENOMEM;
	r = put_all(&writer, &rows, results);
	if (r == 0 && writer.count > BPF_MAXINSNS)
		r = -E2BIG;
	if (r < 0) {
		free(writer.steps);
		return r;
	}
	*ret_filter = (struct filter){ writer.steps, writer.count };
	return 0;
}

int filter_build(const struct filter_table *tables, size_t count, struct filter *ret_filter)
{
	const struct results results = { SECCOMP_RET_ALLOW, SECCOMP_RET_TRAP };

	return build(&results, tables, count, ret_filter);
}

int filter_build_refusing(const struct filter_table *tables, size_t count,
			  struct filter *ret_filter)
{
	const struct results results = { SECCOMP_RET_ERRNO | EPERM, SECCOMP_RET_ALLOW };

	return build(&results, tables, count, ret_filter);
}

void filter_done(struct filter *filter)
{
	free(filter->steps);
	*filter = (struct filter){ 0 };
}

int filter_enter(const struct filter *filter)
{
	const struct sock_fprog program = {
		.len = (unsigned short)filter->count,
		.filter = filter->steps,
	};

	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0 ? -errno : 0;
}
