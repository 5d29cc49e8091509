// SPDX-License-Identifier: Apache-2.0

extension Inputs {
  /// Runbooks whose steps do nothing but get a URL.
  static let runbooks = """
    use web

    runbook empty() {}

    runbook one(url: String, n: Int) {
      for i in 0..n {
        step "get \\(i)" { web.get(url) }
      }
    }

    runbook fan(url: String, n: Int) {
      parallel limit 100 for i in 0..n {
        step "get \\(i)" { web.get(url) }
      }
    }

    runbook retried(url: String) {
      step "get" retry 3 every 100ms { web.get(url) }
    }

    ## Waits for a person once everything is done, to be paused there.
    runbook resumed(url: String, n: Int) {
      for i in 0..n {
        step "get \\(i)" { web.get(url) }
      }
      approve "Is it well?"
    }

    """

  /// The least that a program does which gets a URL N times over one connection, with its intent and its outcome on
  /// disk: floor PORT N FILE.
  static let floorProgram = """
    #include <arpa/inet.h>
    #include <fcntl.h>
    #include <netinet/tcp.h>
    #include <stdlib.h>
    #include <string.h>
    #include <sys/socket.h>
    #include <unistd.h>

    static char record[120], answer[4096];

    static void note(int file) {
      if (write(file, record, sizeof record) != sizeof record || fdatasync(file) != 0) exit(3);
    }

    int main(int argc, char **argv) {
      if (argc != 4) return 2;
      int file = open(argv[3], O_CREAT | O_TRUNC | O_WRONLY | O_APPEND, 0600);
      int peer = socket(AF_INET, SOCK_STREAM, 0), on = 1;
      struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(atoi(argv[1])),
                                     .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
      if (file < 0 || connect(peer, (struct sockaddr *)&address, sizeof address) != 0) return 4;
      setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      const char *request = "GET / HTTP/1.1\\r\\nhost: 127.0.0.1\\r\\n\\r\\n";
      for (int i = 0; i < atoi(argv[2]); i++) {
        note(file);
        if (send(peer, request, strlen(request), 0) < 0) return 5;
        if (recv(peer, answer, sizeof answer, 0) <= 0) return 6;
        note(file);
      }
      return 0;
    }

    """

  /// N GETs, at most 100 at once, with libcurl's multi interface: multi URL N.
  static let curlProgram = """
    #include <stddef.h>
    #include <stdlib.h>

    /* What is needed of libcurl's ABI, so that its headers need not be installed. */
    typedef void CURL, CURLM;
    struct CURLMsg { int msg; CURL *handle; union { void *whatever; int result; } data; };
    CURL *curl_easy_init(void);
    int curl_easy_setopt(CURL *, int, ...);
    CURLM *curl_multi_init(void);
    int curl_multi_add_handle(CURLM *, CURL *), curl_multi_remove_handle(CURLM *, CURL *);
    int curl_multi_perform(CURLM *, int *), curl_multi_poll(CURLM *, void *, unsigned, int, int *);
    struct CURLMsg *curl_multi_info_read(CURLM *, int *);
    enum { URL = 10002, WRITEFUNCTION = 20011 };

    static size_t drop(char *bytes, size_t size, size_t count, void *data) { return size * count; }

    int main(int argc, char **argv) {
      int left = atoi(argv[2]), open = 0, done = 0, total = left;
      CURLM *multi = curl_multi_init();
      for (; open < 100 && left > 0; open++, left--) {
        CURL *easy = curl_easy_init();
        curl_easy_setopt(easy, URL, argv[1]);
        curl_easy_setopt(easy, WRITEFUNCTION, drop);
        curl_multi_add_handle(multi, easy);
      }
      while (done < total) {
        int running, queued;
        curl_multi_perform(multi, &running);
        for (struct CURLMsg *m; (m = curl_multi_info_read(multi, &queued)) != NULL;) {
          if (m->data.result != 0) return 3;
          CURL *easy = m->handle;
          done++;
          curl_multi_remove_handle(multi, easy);
          if (left-- > 0) curl_multi_add_handle(multi, easy);
        }
        if (done < total) curl_multi_poll(multi, NULL, 0, 1000, NULL);
      }
      return 0;
    }

    """
}
