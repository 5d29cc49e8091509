// SPDX-License-Identifier: Apache-2.0
//
// strike K SIGNAL FILE CMD…: runs a command and sends it a signal at the K-th point at which what is outside of it may
// differ: right before and right after it writes a file, flushes it or sends, and right after it has received. Points are counted
// over all threads. FILE is there once it was sent, and has how many points there were in the end. K of 0 only counts. Exits as the command does, or with 128 and the signal.

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { nothing, changes, receives };

/// What a call on a descriptor does to the world. The terminal, pipes and wake-ups between threads are not of it.
static int effect(pid_t process, unsigned long long call, unsigned long long descriptor) {
  char name[64], path[512];
  int reads = call == SYS_read || call == SYS_recvfrom || call == SYS_recvmsg;
  int writes = call == SYS_write || call == SYS_writev || call == SYS_pwrite64 || call == SYS_sendto ||
               call == SYS_sendmsg || call == SYS_fdatasync || call == SYS_fsync || call == SYS_ftruncate;
  if (!reads && !writes) return nothing;
  snprintf(name, sizeof name, "/proc/%d/fd/%llu", process, descriptor);
  ssize_t length = readlink(name, path, sizeof path - 1);
  if (length < 0) return nothing;
  path[length] = 0;
  if (strncmp(path, "socket:", 7) == 0) return reads ? receives : changes;
  return writes && path[0] == '/' && strncmp(path, "/dev/", 5) != 0 ? changes : nothing;
}

static int note(const char *path, long points) {
  FILE *file = fopen(path, "w");
  return file != NULL && fprintf(file, "%ld\n", points) > 0 && fclose(file) == 0;
}

int main(int count, char **words) {
  if (count < 5) return 2;
  long wanted = atol(words[1]), points = 0;
  int number = atoi(words[2]), status;
  pid_t process = fork();
  if (process == 0) {
    raise(SIGSTOP);
    execvp(words[4], words + 4);
    _exit(127);
  }
  waitpid(process, &status, WUNTRACED);
  if (ptrace(PTRACE_SEIZE, process, 0, PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC) != 0) return 3;
  kill(process, SIGCONT);
  int result = 0;
  for (pid_t thread; (thread = waitpid(-1, &status, __WALL)) > 0;) {
    if (WIFEXITED(status) || WIFSIGNALED(status)) {
      if (thread == process) result = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
      continue;
    }
    int stop = WSTOPSIG(status), event = status >> 16;
    if (stop == (SIGTRAP | 0x80)) {
      struct __ptrace_syscall_info info;
      static struct { pid_t thread; int effect; } calls[4096];
      if (ptrace(PTRACE_GET_SYSCALL_INFO, thread, sizeof info, &info) > 0) {
        int before = info.op == PTRACE_SYSCALL_INFO_ENTRY, kind = nothing;
        if (before) {
          kind = effect(process, info.entry.nr, info.entry.args[0]);
          calls[thread % 4096].thread = thread;
          calls[thread % 4096].effect = kind;
          if (kind == receives) kind = nothing;
        } else if (info.op == PTRACE_SYSCALL_INFO_EXIT && calls[thread % 4096].thread == thread) {
          kind = info.exit.rval > 0 || calls[thread % 4096].effect == changes ? calls[thread % 4096].effect : nothing;
          calls[thread % 4096].effect = nothing;
        }
        if (kind != nothing && ++points == wanted) {
          kill(process, number);
          if (!note(words[3], points)) return 3;
        }
      }
      ptrace(PTRACE_SYSCALL, thread, 0, 0);
    } else if (event == PTRACE_EVENT_STOP && stop != SIGTRAP) {
      ptrace(PTRACE_LISTEN, thread, 0, 0);
    } else {
      // Signals are its own; events of tracing are ours.
      ptrace(PTRACE_SYSCALL, thread, 0, event || stop == SIGTRAP ? 0 : stop);
    }
  }
  return note(words[3], points) ? result : 3;
}
