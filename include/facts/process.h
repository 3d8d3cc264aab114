/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One process, as /proc shows it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define PROCESS_NAME_MAX 64
#define PROCESS_PATH_MAX 4096

struct process {
	pid_t pid;
	uint64_t started; /* ticks since boot: pid and this are one process */
};

/* A network namespace. */
struct netns {
	dev_t device;
	ino_t inode; /* 0: nobody knows, and no process is in it */
};

/* Return 0 or -errno. */
int process_find(pid_t pid, struct process *ret_process);
bool process_lives(const struct process *process);
/* 0 without, or unknown. */
pid_t process_parent(pid_t pid);
int process_netns(pid_t pid, struct netns *ret_netns);
/* The effective user. */
int process_uid(pid_t pid, uid_t *ret_uid);
/* The name of its program's file, else the name it gave itself (comm). */
int process_name(pid_t pid, char name[PROCESS_NAME_MAX]);
/* Arguments, each ended by a NUL; owned, to be wiped. */
int process_arguments(pid_t pid, char **ret_text, size_t *ret_len);
/* The folders that relative paths on its command line may have meant: where it is, and where its
 * shell was (PWD in its environment), for a daemon that has gone elsewhere. */
int process_folder(pid_t pid, char path[PROCESS_PATH_MAX]);
int process_shell_folder(pid_t pid, char path[PROCESS_PATH_MAX]);

/* Walks over all processes: returns the next pid, 0 behind the last one. */
struct process_walk;
struct process_walk *process_walk_new(void);
pid_t process_walk_next(struct process_walk *walk);
void process_walk_free(struct process_walk *walk);
