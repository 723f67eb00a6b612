<%
// ruleid: markup-request-in-command
  Process p = Runtime.getRuntime().exec(request.getParameter("cmd"));
  String host = request.getParameter("host");
// ruleid: markup-request-in-command
  Process q = Runtime.getRuntime().exec(new String[] {"sh", "-c", "ping " + host});
// ok: markup-request-in-command
  Process r = Runtime.getRuntime().exec(new String[] {"uptime"});
%>
