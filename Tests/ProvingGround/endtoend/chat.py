"""What the programs of several cases run: a service in two zones of a cluster that nothing is asked of."""

CHAT = """cluster dr { region north { zone az1, zone az2 } }

service chat {
  on    = dr
  image = "registry.example.net/chat:1"
  needs { cpu = 1, memory = 1Gi }
  spread { over = [az1, az2] }
  objective { rto = 5m }
}
"""
