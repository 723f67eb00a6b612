<!-- ruleid: markup-request-chooses-server -->
<c:import url="${param.feed}"/>
<!-- ok: markup-request-chooses-server -->
<c:import url="/menu.jsp"/>
<%
// ruleid: markup-request-chooses-server
  java.net.URL feed = new java.net.URL(request.getParameter("feed"));
// ok: markup-request-chooses-server
  java.net.URL home = new java.net.URL("https://www.example.com");
%>
