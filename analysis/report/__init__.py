"""What people read of one campaign: report.html, report.md, the answers."""
