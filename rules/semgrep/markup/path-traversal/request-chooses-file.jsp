<!-- ruleid: markup-request-chooses-file -->
<jsp:include page="${param.page}"/>
<!-- ruleid: markup-request-chooses-file -->
<jsp:include page="<%= request.getParameter(\"page\") %>"/>
<!-- ok: markup-request-chooses-file -->
<jsp:include page="footer.jsp"/>
<%
// ruleid: markup-request-chooses-file
  FileInputStream one = new FileInputStream("/srv/docs/" + request.getParameter("name"));
  String name = request.getParameter("file");
// ruleid: markup-request-chooses-file
  FileReader two = new FileReader("/srv/docs/" + name);
// ok: markup-request-chooses-file
  FileReader three = new FileReader("/srv/docs/index.txt");
%>
